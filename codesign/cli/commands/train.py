from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.completion import recipe_names
from codesign.cli.console import OUTPUT, Json, keeps, progress_bars
from codesign.cli.help import TRAIN
from codesign.cli.numbers import MOST_DEVICES, MOST_WORKERS, whole
from codesign.cli.training import print_result

if TYPE_CHECKING:
    from codesign.recipe import Recipe

SECTION, ORDER = TRAIN, 1
EXAMPLES = (
    ("codesign train codenet-digits", "into runs/codenet-digits"),
    ("codesign train codenet-digits --set seed=1 --out runs/second", "another seed, another folder"),
    ("codesign train codenet-digits --resume", "goes on where it was interrupted"),
)


def run(
    recipe: Annotated[
        str,
        typer.Argument(
            autocompletion=recipe_names, help="A recipe file, or the name of a shipped one, e.g. codenet-digits."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to write. Default: runs/NAME of the recipe.", rich_help_panel=OUTPUT),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of your pictures, or of Fashion-MNIST or CIFAR-10. Default: the recipe's data.path."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run folder's last checkpoint.")] = False,
    ptq: Annotated[
        bool, typer.Option("--ptq", help="Quantize without the training that follows, as `codesign quantize` does.")
    ] = False,
    devices: Annotated[
        int, typer.Option(parser=whole(1, MOST_DEVICES), help="GPUs, or processes without one, that share each batch.")
    ] = 1,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Write logs for TensorBoard into the run folder.", rich_help_panel=OUTPUT),
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(help="Begin with the weights of a run, or of a file: of what has the same name and shape."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(parser=whole(0, MOST_WORKERS), help="Processes that read images. Default: as many as are of use."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe, e.g. seed=1. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Train a recipe: floating point, then quantization-aware.

    One's own pictures are looked through first: VOC, COCO, YOLO, CSV or folders of classes, see docs/pictures.md.
    Writes the recipe, checkpoints, weights and results into the run folder. An interrupted training that is resumed
    ends with the same weights as one that was not.

    A VOC devkit: codesign train codenet-b --data /path/to/VOCdevkit

    Of the recipe, off unless set: training.augmentation={mirror: true, scale: [0.6, 1.4], colour: 0.4},
    training.fractional_first=true, training.ema=0.999, training.precision=16-mixed,
    training.distillation={weight: 1.0}, training.freezing={epochs: 1, boundary: 0.005},
    quantization.weight_scale=statistics, quantization.weight_percentile=99.9, quantization.layers={"heads.*": 8}.
    Several machines: torchrun starts the same command on each.
    """
    from codesign.api.train import train
    from codesign.data.dataset import settings_for
    from codesign.places import run_folder
    from codesign.recipe import PTQ, load_recipe
    from codesign.run_folder import RECIPE
    from codesign.training import is_first_process

    settings = [*(PTQ if ptq else ()), *(settings or ()), *(settings_for(data) if data else ())]
    read = load_recipe(recipe, settings)
    folder = out or run_folder(read.name)
    if is_first_process() and not (folder / RECIPE).is_file():
        print_check(read)
    kept = f"the last checkpoint is in {folder}, go on with the same command and --resume"
    with keeps(kept), progress_bars() as progress:
        result = train(
            read,
            folder,
            resume=resume,
            devices=devices,
            tensorboard=tensorboard,
            progress=progress,
            weights=weights,
            workers=workers,
            tell=lambda line: typer.echo(line, err=True),
            checked=True,
        )
    print_result(result, folder, json)


def print_check(recipe: Recipe) -> None:
    """Looks through one's own pictures and says what they are, on standard error."""
    from codesign.data.check import check_recipe
    from codesign.reporting.console import PlainConsole

    with progress_bars() as progress:
        checked = check_recipe(recipe, progress)
    for line in checked.report if checked else ():
        PlainConsole(stderr=True).print(line, markup=False, soft_wrap=True)
