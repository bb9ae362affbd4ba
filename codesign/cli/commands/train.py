from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.console import keeps, progress_bars, terminal
from codesign.cli.numbers import MOST_DEVICES, whole

if TYPE_CHECKING:
    from codesign.recipe import Recipe

ORDER = 1


def run(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a shipped one, e.g. codenet-digits.")],
    out: Annotated[Path | None, typer.Option(help="Run folder to write. Default: runs/NAME of the recipe.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of your pictures, or of Fashion-MNIST or CIFAR-10. Default: the recipe's data.path."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run folder's last checkpoint.")] = False,
    devices: Annotated[
        int, typer.Option(parser=whole(1, MOST_DEVICES), help="GPUs, or processes without one, that share each batch.")
    ] = 1,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write logs for TensorBoard into the run folder.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe, e.g. seed=1. Repeatable."),
    ] = None,
) -> None:
    """Train a recipe: floating point, then quantization-aware.

    One's own pictures are looked through first: VOC, COCO, YOLO, CSV or folders of classes, see docs/pictures.md.
    Writes the recipe, checkpoints, weights and results into the run folder. An interrupted training that is resumed
    ends with the same weights as one that was not.

    A VOC devkit: codesign train codenet-b --data /path/to/VOCdevkit

    Of the recipe, off unless set: training.augmentation={mirror: true, scale: [0.6, 1.4], colour: 0.4},
    training.fractional_first=true, training.ema=0.999, training.precision=16-mixed,
    training.distillation={weight: 1.0}, training.freezing={epochs: 1, boundary: 0.005},
    quantization.weight_scale=statistics, quantization.weight_percentile=99.9. Several machines: torchrun starts the
    same command on each.
    """
    from codesign.api.train import train
    from codesign.data.dataset import settings_for
    from codesign.recipe import load_recipe
    from codesign.tasks import figures
    from codesign.training import is_first_process

    settings = [*(settings or ()), *(settings_for(data) if data else ())]
    read = load_recipe(recipe, settings)
    folder = out or Path("runs") / read.name
    if is_first_process() and not (folder / "recipe.yaml").is_file():
        print_check(read)
    with keeps(f"the last checkpoint is in {folder}, go on with the same command and --resume"):
        result = train(read, folder, resume=resume, devices=devices, tensorboard=tensorboard, checked=True)
    console = terminal()
    console.print(f"floating point: {figures(result, 'float_')} on the validation set")
    if figures(result):
        console.print(f"quantized:      {figures(result)}")
    console.print(f"run folder: {folder}")


def print_check(recipe: Recipe) -> None:
    """Looks through one's own pictures and says what they are, on standard error."""
    from codesign.data.check import check_recipe
    from codesign.reporting.console import PlainConsole

    with progress_bars() as progress:
        checked = check_recipe(recipe, progress)
    for line in checked.report if checked else ():
        PlainConsole(stderr=True).print(line, markup=False, soft_wrap=True)
