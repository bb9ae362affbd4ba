"""`codesign train`: a recipe becomes a run folder."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from codesign import training
from codesign.api.export import qonnx_of_run
from codesign.errors import CheckpointError
from codesign.progress import Progress, silent
from codesign.recipe import Recipe, load_recipe
from codesign.run_folder import RECIPE, WEIGHTS, keep_network, kept_network
from codesign.training import TrainResult
from codesign.training.analysis import ANALYSIS, drop_message, load_analysis


def train(
    recipe: str | Path | Recipe,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
    devices: int = 1,
    tensorboard: bool = False,
    weights: str | Path | None = None,
    workers: int | None = None,
    tell: Callable[[str], None] | None = None,
    checked: bool = False,
) -> TrainResult:
    """As `codesign.training.train`, but Ctrl-C stays a KeyboardInterrupt, and there must be a run to resume.

    Lightning turns it into `sys.exit(1)` and ignores the signal from then on; both are undone here. On several devices,
    only the first process returns; those that Lightning started to help it end here. The run also gets its network as
    QONNX, for exports without PyTorch.
    """
    if resume and not (Path(out) / RECIPE).is_file():
        raise CheckpointError(
            "there is no run to resume", where=str(out), remedy="begin it without --resume, or give its folder to --out"
        )
    handler = signal.getsignal(signal.SIGINT)
    try:
        result = training.train(
            recipe,
            out,
            resume=resume,
            overrides=overrides,
            progress=progress,
            devices=devices,
            tensorboard=tensorboard,
            weights=weights,
            workers=workers,
            tell=tell,
            checked=checked,
        )
    except SystemExit as stop:
        if not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None
    if not training.is_first_process():
        sys.exit()
    _keep_network(result.run, progress)
    return result


def _keep_network(run: Path, progress: Progress) -> None:
    """Leaves the network in the run as those need it who export it without PyTorch."""
    if not (run / WEIGHTS).is_file() or kept_network(run) is not None:
        return
    progress("QONNX", 0, 1)
    with suppress(Exception):  # what cannot be exported is trained all the same; `codesign export` says why it cannot
        keep_network(run, qonnx_of_run(run))
    progress("QONNX", 1, 1)


def drop_of(run: Path, result: TrainResult) -> str:
    """What to say if the quantized network is much worse than that in floating point: where, and what to try.

    Empty if it is not, or if the run tells nothing of its layers.
    """
    if not (run / ANALYSIS).is_file():
        return ""
    return drop_message(load_recipe(run / RECIPE), result, load_analysis(run).layers)
