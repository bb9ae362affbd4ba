"""`codesign train`: a recipe becomes a run folder."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from codesign import training
from codesign.api.export import qonnx_of_run
from codesign.progress import Progress, silent
from codesign.recipe import Recipe
from codesign.run_folder import WEIGHTS, keep_network, kept_network
from codesign.training import TrainResult


def train(
    recipe: str | Path | Recipe,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    devices: int = 1,
    tensorboard: bool = False,
) -> TrainResult:
    """As `codesign.training.train`, but Ctrl-C stays a KeyboardInterrupt.

    Lightning turns it into `sys.exit(1)` and ignores the signal from then on; both are undone here. On several devices,
    only the first process returns; those that Lightning started to help it end here. The run also gets its network as
    QONNX, for exports without PyTorch.
    """
    handler = signal.getsignal(signal.SIGINT)
    try:
        result = training.train(
            recipe, out, resume=resume, overrides=overrides, progress=progress, devices=devices, tensorboard=tensorboard
        )
    except SystemExit as stop:
        if not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None
    if not training.is_first_process():
        sys.exit()
    _keep_network(result.run, progress if callable(progress) else silent)
    return result


def _keep_network(run: Path, progress: Progress) -> None:
    """Leaves the network in the run as those need it who export it without PyTorch."""
    if not (run / WEIGHTS).is_file() or kept_network(run) is not None:
        return
    progress("QONNX", 0, 1)
    with suppress(Exception):  # what cannot be exported is trained all the same; `codesign export` says why it cannot
        keep_network(run, qonnx_of_run(run))
    progress("QONNX", 1, 1)
