"""1,797 handwritten digits of 8 x 8 pixels (UCI Optical Recognition of Handwritten Digits), see `data/digits.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codesign.data.classification.base import ClassImages, grey
from codesign.data.digits import sources
from codesign.data.sample import Split
from codesign.recipe import Data


def is_here(path: Path) -> bool:
    """They come with this package, in no folder."""
    return False


def read(data: Data, split: Split) -> ClassImages:
    """The images of a split; the two splits share none."""
    pool = sources(split)
    return ClassImages("digits", grey(pool.ink), pool.labels.astype(np.int64))
