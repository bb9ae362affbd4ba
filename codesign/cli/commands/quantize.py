from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import keeps, progress_bars, terminal

ORDER = 2


def run(
    run: Annotated[Path, typer.Argument(help="Run folder whose floating-point network is quantized.")],
    out: Annotated[Path, typer.Option(help="Run folder to write.")],
    training: Annotated[
        bool, typer.Option("--training", help="Train with quantizers, as its recipe says, instead of rounding well.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Replace a value of its recipe, e.g. quantization.weight_bits=8. Repeatable.",
        ),
    ] = None,
) -> None:
    """Quantize a trained floating-point network again, in minutes and without training.

    Scales are calibrated on the training set's images, ranges equalized between layers, weights rounded for the least
    error of each layer's output, and biases corrected. The result is a run folder like any other.

    Single layers wider: codesign quantize runs/NAME --out runs/NAME-8 --set "quantization.layers={'heads.*': 8}"
    """
    from codesign.api.quantize import quantize
    from codesign.tasks import figures

    with keeps(f"what is done is in {out}, go on with the same command and --resume"), progress_bars() as progress:
        result = quantize(run, out, training=training, resume=resume, overrides=settings or (), progress=progress)
    console = terminal()
    console.print(f"floating point: {figures(result, 'float_')} on the validation set")
    console.print(f"quantized:      {figures(result)}")
    console.print(f"run folder: {out}")
