"""Where a picture of any shape lies in a network's input: training, `codesign detect` and the board do the same.

`letterbox` keeps the picture's shape: as large as fits, in the middle of black. `stretch` fills the input. NumPy, and
Pillow where a picture is resized.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FITS = ("letterbox", "stretch")

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class Fit:
    """A picture's place in the input: its upper left corner at (left, top), resized to `placed`."""

    picture: Size
    input: Size
    placed: Size
    top: int
    left: int

    @property
    def is_whole(self) -> bool:
        """Whether the picture is the input as it is."""
        return self.picture == self.input == self.placed

    def inside(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes (n, 4) of x0, y0, x1, y1 in the picture's pixels, in those of the input."""
        moved: np.ndarray = boxes * self._factors(boxes.dtype) + self._corner(boxes.dtype)
        return moved

    def back(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes (n, 4) in the input's pixels, in those of the picture; they may reach beyond it."""
        moved: np.ndarray = (boxes - self._corner(boxes.dtype)) / self._factors(boxes.dtype)
        return moved

    def clipped(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes (n, 4) in the picture's pixels, without what lies beyond it."""
        height, width = self.picture
        inside: np.ndarray = np.clip(boxes, 0, np.array([width, height] * 2, boxes.dtype))
        return inside

    def _factors(self, dtype: Any) -> np.ndarray:
        return np.array([self.placed[1] / self.picture[1], self.placed[0] / self.picture[0]] * 2, dtype)

    def _corner(self, dtype: Any) -> np.ndarray:
        return np.array([self.left, self.top] * 2, dtype)


def fit_of(picture: Size, size: Size, how: str) -> Fit:
    """The place of a picture (height, width) in an input of `size`; `how` is one of FITS."""
    picture, size = (int(picture[0]), int(picture[1])), (int(size[0]), int(size[1]))
    if how == "stretch":
        return Fit(picture, size, size, 0, 0)
    factor = min(size[0] / picture[0], size[1] / picture[1])
    height, width = (max(1, min(side, round(own * factor))) for own, side in zip(picture, size))
    return Fit(picture, size, (height, width), (size[0] - height) // 2, (size[1] - width) // 2)


def fitted(frame: np.ndarray, fit: Fit) -> np.ndarray:
    """The input (H, W, C) uint8 that a picture (H, W, C) uint8 becomes: resized bilinearly, black around it."""
    from PIL import Image

    if fit.is_whole:
        return frame
    height, width = fit.placed
    picture = Image.fromarray(np.ascontiguousarray(frame))
    if fit.picture != fit.placed:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    if fit.placed == fit.input:
        return np.asarray(picture)
    out = np.zeros((*fit.input, frame.shape[2]), np.uint8)
    out[fit.top : fit.top + height, fit.left : fit.left + width] = np.asarray(picture)
    return out
