"""Checkpoints are looked at before Lightning goes on from them: it believes whatever they say."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from codesign.errors import CheckpointError
from codesign.reading import check_plain

UNREADABLE = (
    OSError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)
"""What torch raises at files that are no checkpoints."""


def read_checkpoint(file: Path) -> dict[str, Any]:
    """What a Lightning checkpoint holds; nothing in it is run.

    Raises CheckpointError if it is no plain file, truncated, or no checkpoint: its weights must be finite tensors.
    """
    try:
        check_plain(file.stat(), file, CheckpointError)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(
            f"cannot be read, or is truncated ({reason})",
            where=str(file),
            remedy="delete it, and train that phase again",
        ) from error
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(t, Tensor) and isinstance(n, str) for n, t in state.items()):
        raise CheckpointError("holds no weights", where=str(file), remedy="delete it, and train that phase again")
    checked: dict[str, Any] = content
    return checked


def check_progress(file: Path, task: torch.nn.Module, epochs: int, batches: int) -> None:
    """Raises CheckpointError unless `file` is where the training of `task` was after one of its `epochs`.

    batches: of an epoch. What it says of its progress must agree, and its tensors have the shapes of the network's.
    """
    content = read_checkpoint(file)
    epoch, step = content.get("epoch"), content.get("global_step")
    if type(epoch) is not int or type(step) is not int or not 0 <= epoch < epochs or step != (epoch + 1) * batches:
        raise _foreign(file, f"is of epoch {_shown(epoch)}, step {_shown(step)}: there are {epochs} of {batches} steps")
    try:
        consistent, fits = _agrees(content, epoch, step), _has_shapes(content, task)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _foreign(file, "is no checkpoint of this version") from error
    if not consistent:
        raise _foreign(file, "contradicts itself about its epoch")
    if not fits:
        raise _foreign(file, "is of another network")


def _agrees(content: dict[str, Any], epoch: int, step: int) -> bool:
    """Whether all of Lightning's counters are those of the end of that epoch."""
    fit, (schedule,) = content["loops"]["fit_loop"], content["lr_schedulers"]
    epochs = {"ready": epoch + 1, "completed": epoch, "started": epoch + 1, "processed": epoch + 1}
    optimizer = fit["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]["step"]["total"]
    steps = (
        *fit["epoch_loop.batch_progress"]["total"].values(),
        *optimizer.values(),
        schedule["last_epoch"],
    )
    return fit["epoch_progress"]["current"] == epochs and set(steps) == {step}


def _has_shapes(content: dict[str, Any], task: torch.nn.Module) -> bool:
    """Whether weights and optimizer are of the task's network; that none is missing, Lightning sees to."""
    shapes = {name: value.shape for name, value in task.state_dict().items()}
    found = content["state_dict"].items()
    parameters = [p for p in task.parameters() if p.requires_grad]
    ordered = [p for p in parameters if p.ndim > 1] + [p for p in parameters if p.ndim <= 1]
    (optimizer,) = content["optimizer_states"]
    return all(tensor.shape == shapes.get(name, tensor.shape) for name, tensor in found) and all(
        state[name].shape == ordered[place].shape
        for place, state in optimizer["state"].items()
        for name in ("exp_avg", "exp_avg_sq")
    )


def _shown(value: object) -> str:
    return f"{value:,}"[:30] if type(value) is int and abs(value) < 10**30 else type(value).__name__


def _foreign(file: Path, what: str) -> CheckpointError:
    return CheckpointError(what, where=str(file), remedy="delete it, and train that phase again")
