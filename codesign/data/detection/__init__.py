"""Sets of images with boxes, one file a set, found by its name in recipes (`-` being `_`).

Such a file has

    read(data, split, classes) -> samples   which can be counted and indexed; DataError if the set is not to be had
    is_here(path) -> bool                   whether a folder holds such a set
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from codesign.data.sample import Sample, Split
from codesign.plugins import load, names
from codesign.recipe import Data


class Samples(Protocol):
    """Images of a split with their objects."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Sample: ...


def read(data: Data, split: Split, classes: Sequence[str]) -> Samples:
    """The set that `data` names, its objects being of `classes`. Raises DataError as the set does."""
    found: Samples = load(__name__, data.set.replace("-", "_")).read(data, split, classes)
    return found


def set_in(path: Path) -> str | None:
    """Name of the set that a folder holds."""
    return next((name.replace("_", "-") for name in names(__name__) if load(__name__, name).is_here(path)), None)
