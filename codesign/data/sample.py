"""What a dataset hands out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Split = Literal["trainval", "test"]
"""What is trained on, and what is measured on."""

MOST_OBJECTS = 10_000
"""In one picture."""


@dataclass(frozen=True, eq=False)
class Sample:
    """An image and its objects.

    Boxes are (x0, y0, x1, y1) in pixels, x to the right and y down from the image's upper left corner; a box that
    covers exactly the first pixel is (0, 0, 1, 1).
    """

    name: str
    image: np.ndarray
    """(3, H, W) uint8, RGB: the bytes that hardware takes; networks see them divided by 256."""
    boxes: np.ndarray
    """(n, 4) float32."""
    labels: np.ndarray
    """(n,) int64, indices into the recipe's classes."""
    difficult: np.ndarray
    """(n,) bool: objects that neither training nor evaluation counts."""
