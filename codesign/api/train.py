"""`codesign train`: a recipe becomes a run folder."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from codesign import training
from codesign.recipe import Recipe
from codesign.training import TrainResult


def train(
    recipe: str | Path | Recipe,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: bool = True,
    devices: int = 1,
    tensorboard: bool = False,
    checked: bool = False,
) -> TrainResult:
    """As `codesign.training.train`, but Ctrl-C stays a KeyboardInterrupt.

    Lightning turns it into `sys.exit(1)` and ignores the signal from then on; both are undone here. On several devices,
    only the first process returns; those that Lightning started to help it end here.
    """
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
            checked=checked,
        )
    except SystemExit as stop:
        if not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None
    if not training.is_first_process():
        sys.exit()
    return result
