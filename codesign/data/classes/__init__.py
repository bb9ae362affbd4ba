"""Sets of images with one class each, one file a set, found by its name in recipes (`-` being `_`).

Such a file has the function `read(data, split) -> ClassImages`, which raises DataError if the set is not to be had.
"""

from __future__ import annotations

from pathlib import Path

from codesign.data.classes.base import ClassImages
from codesign.data.sample import Split
from codesign.graph.plugins import load, names
from codesign.recipe import Data


def read(data: Data, split: Split) -> ClassImages:
    """The set that `data` names, at most as many of its first images as it says. Raises DataError as the set does."""
    found: ClassImages = load(__name__, data.set.replace("-", "_")).read(data, split)
    return found.first(data.train_images if split == "trainval" else data.val_images)


def set_in(path: Path) -> str | None:
    """Name of the set whose files are in a folder."""
    parts = ((name, load(__name__, name)) for name in names(__name__))
    return next((name.replace("_", "-") for name, part in parts if part.is_here(path)), None)
