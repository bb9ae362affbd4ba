from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import OUTPUT, Json, keeps, progress_bars
from codesign.cli.help import TRAIN
from codesign.cli.training import print_result

SECTION, ORDER = TRAIN, 3
EXAMPLES = (
    ("codesign quantize runs/cells --out runs/cells-ptq", "calibrated and rounded, not trained again"),
    ("codesign quantize runs/cells --out runs/cells-8 --set quantization.weight_bits=8", "with other widths"),
    ("codesign quantize runs/cells --out runs/cells-3 --training --set quantization.weight_bits=3", "trained again"),
)


def run(
    run: Annotated[Path, typer.Argument(help="Run folder whose floating-point network is quantized.")],
    out: Annotated[Path, typer.Option(help="Run folder to write.", rich_help_panel=OUTPUT)],
    training: Annotated[
        bool, typer.Option("--training", help="Train with quantizers, as `codesign train` does. Default: do not train.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in --out.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the run's recipe. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Quantize the floating-point network of a run again: in minutes and without training, or with other settings.

    Scales are calibrated on the training set's images, ranges equalized between layers, weights rounded for the least
    error of each layer's output, and biases corrected. The result is a run folder like any other.
    """
    from codesign.api.quantize import quantize

    with keeps(f"what is done is in {out}, go on with the same command and --resume"), progress_bars() as progress:
        result = quantize(run, out, training=training, resume=resume, overrides=settings or (), progress=progress)
    print_result(result, out, json)
