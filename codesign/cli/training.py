"""What `train` and `quantize` print of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from codesign.cli.console import print_json, terminal

if TYPE_CHECKING:
    from codesign.training import TrainResult


def print_result(result: TrainResult, folder: Path, json: bool) -> None:
    """Its figures; of a network that lost much by quantization also where, and what to try."""
    from codesign.api.train import drop_of
    from codesign.tasks import figures

    if json:
        print_json(result)
        return
    console = terminal()
    console.print(f"floating point: {figures(result, 'float_')} on the validation set")
    if figures(result):
        console.print(f"quantized:      {figures(result)}")
    if said := drop_of(folder, result):
        console.print(said, markup=False, soft_wrap=True)
    console.print(f"run folder: {folder}", soft_wrap=True)
