"""What a training was like, epoch by epoch: `history.json` of a run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from codesign.errors import CheckpointError
from codesign.files import write_text
from codesign.reading import read_json

HISTORY = "history.json"
PhaseName = Literal["float_phase", "quantized_phase"]
"""The recipe's section that a phase runs."""
PHASES: tuple[PhaseName, ...] = ("float_phase", "quantized_phase")
TOTAL = "loss"
"""The part of a loss that is the sum of all others."""
DECIDING = ("ap", "accuracy", "ap50")
"""Which figure is the better one's: the first of these that is measured, else the first there is."""


@dataclass(frozen=True)
class Epoch:
    """An epoch of a phase, which is the recipe's section that it ran.

    epoch: from 1 in each phase. learning_rate: after its last step. loss: means over its steps, by part, the whole as
    `loss`. measured: on the validation set, if that was looked at.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    phase: PhaseName
    epoch: int
    steps: int
    seconds: float
    learning_rate: float
    loss: Mapping[str, float]
    measured: Mapping[str, float] = field(default_factory=dict)


_EPOCHS = TypeAdapter(tuple[Epoch, ...])


def load_history(folder: Path) -> tuple[Epoch, ...]:
    """The epochs of both phases; none of a run that has no history. Raises CheckpointError if it is malformed."""
    path = folder / HISTORY
    if not path.is_file():
        return ()
    try:
        return _EPOCHS.validate_json(json.dumps(read_json(path, CheckpointError)))
    except (TypeError, ValidationError) as error:
        raise CheckpointError("is no history of a training", where=str(path), remedy="delete it") from error


def save_history(folder: Path, epochs: Sequence[Epoch]) -> None:
    write_text(folder / HISTORY, json.dumps([asdict(epoch) for epoch in epochs], indent=1) + "\n")


def of_phase(epochs: Sequence[Epoch], phase: str) -> tuple[Epoch, ...]:
    return tuple(epoch for epoch in epochs if epoch.phase == phase)


def earlier_than(epoch: Epoch, epochs: Sequence[Epoch]) -> tuple[Epoch, ...]:
    """Those that came before it; what an interrupted training wrote of later ones is left out."""
    place = PHASES.index(epoch.phase), epoch.epoch
    return tuple(one for one in epochs if (PHASES.index(one.phase), one.epoch) < place)


def deciding(measured: Mapping[str, float]) -> float:
    """The figure by which epochs are compared; greater is better."""
    return next((measured[name] for name in DECIDING if name in measured), next(iter(measured.values())))


def best(epochs: Sequence[Epoch]) -> Epoch | None:
    """The first of those with the greatest figure; none if nothing was measured."""
    measured = [epoch for epoch in epochs if epoch.measured]
    return max(measured, key=lambda epoch: deciding(epoch.measured), default=None)


def is_over(epochs: Sequence[Epoch], patience: int | None) -> bool:
    """Whether a phase ends here: the last `patience` looks at the validation set found nothing better."""
    measured = [epoch for epoch in epochs if epoch.measured]
    top = best(measured)
    return patience is not None and top is not None and len(measured) - 1 - measured.index(top) >= patience
