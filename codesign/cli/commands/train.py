from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import keeps, terminal
from codesign.cli.numbers import MOST_DEVICES, whole

ORDER = 1


def run(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a shipped one, e.g. codenet-digits.")],
    out: Annotated[Path | None, typer.Option(help="Run folder to write. Default: runs/NAME of the recipe.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="VOC devkit, or folder of COCO, Fashion-MNIST or CIFAR-10. Default: the recipe's data.path."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run folder's last checkpoint.")] = False,
    ptq: Annotated[
        bool, typer.Option("--ptq", help="Quantize after training, without another: as `codesign quantize` does.")
    ] = False,
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
    from codesign.recipe import PTQ, load_recipe
    from codesign.tasks import figures

    settings = [*(PTQ if ptq else ()), *(settings or ()), *(settings_for(data) if data else ())]
    folder = out or Path("runs") / load_recipe(recipe, settings).name
    with keeps(f"the last checkpoint is in {folder}, go on with the same command and --resume"):
        result = train(recipe, folder, resume=resume, overrides=settings, devices=devices, tensorboard=tensorboard)
    console = terminal()
    console.print(f"floating point: {figures(result, 'float_')} on the validation set")
    if figures(result):
        console.print(f"quantized:      {figures(result)}")
    console.print(f"run folder: {folder}")
