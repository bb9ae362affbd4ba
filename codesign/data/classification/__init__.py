"""Sets of images with one class each, one file a set, found by its name in recipes (`-` being `_`).

Such a file has

    read(data, split) -> ClassImages   DataError if the set is not to be had
    is_here(path) -> bool              whether a folder holds its files
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codesign.data.classification.base import ClassImages
from codesign.data.sample import Split
from codesign.plugins import load, names
from codesign.recipe import Data


def read(data: Data, split: Split, classes: Sequence[str]) -> ClassImages:
    """The set that `data` names, at most as many of its first images as it says.

    Raises DataError as the set does, or if it has more classes than `classes`.
    """
    found: ClassImages = load(__name__, data.set.replace("-", "_")).read(data, split)
    found = found.first(data.train_images if split == "trainval" else data.val_images)
    found.check(len(classes))
    return found


def set_in(path: Path) -> str | None:
    """Name of the set whose files are in a folder."""
    return next((name.replace("_", "-") for name in names(__name__) if load(__name__, name).is_here(path)), None)
