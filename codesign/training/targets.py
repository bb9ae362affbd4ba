"""CenterNet's training targets (Zhou, Wang, Kraehenbuehl, arXiv 1904.07850)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from codesign.data.sample import Sample

MIN_OVERLAP = 0.7
"""IoU that a box keeps with the object when both of its corners are off by the Gaussian's radius."""


class Batch(NamedTuple):
    """Images and targets. M is the largest number of objects in the batch; unused places have mask 0."""

    images: Tensor
    """(N, 3, H, W) uint8."""
    heat: Tensor
    """(N, classes, h, w) in [0, 1]: 1 at object centres, a Gaussian around them."""
    cells: Tensor
    """(N, M) int64: y * w + x of each object's centre."""
    size: Tensor
    """(N, M, 2) width, height in cells."""
    offset: Tensor
    """(N, M, 2) of the centre from its cell, x then y, in [0, 1)."""
    mask: Tensor
    """(N, M) 1 for an object, 0 for none."""


def make_batch(samples: Sequence[Sample], classes: int, stride: int) -> Batch:
    """Targets at 1/stride of the images' size. Difficult objects are left out."""
    cells_high, cells_wide = (side // stride for side in samples[0].image.shape[1:])
    most = max(1, *(int((~sample.difficult).sum()) for sample in samples))
    n = len(samples)
    heat = np.zeros((n, classes, cells_high, cells_wide), np.float32)
    cells = np.zeros((n, most), np.int64)
    size = np.zeros((n, most, 2), np.float32)
    offset = np.zeros((n, most, 2), np.float32)
    mask = np.zeros((n, most), np.float32)
    for i, sample in enumerate(samples):
        boxes, labels = sample.boxes[~sample.difficult] / stride, sample.labels[~sample.difficult]
        for j, ((x0, y0, x1, y1), label) in enumerate(zip(boxes, labels, strict=True)):
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            x, y = min(int(cx), cells_wide - 1), min(int(cy), cells_high - 1)
            splat(heat[i, label], x, y, gaussian_radius(x1 - x0, y1 - y0))
            cells[i, j] = y * cells_wide + x
            size[i, j] = x1 - x0, y1 - y0
            offset[i, j] = cx - x, cy - y
            mask[i, j] = 1
    images = torch.from_numpy(np.stack([sample.image for sample in samples]))
    return Batch(images, *map(torch.from_numpy, (heat, cells, size, offset, mask)))


def gaussian_radius(width: float, height: float) -> int:
    """Largest shift r of both corners, in cells, that keeps an IoU of MIN_OVERLAP, in the worst of three cases.

    The box grown, shrunk, or moved by r; each case is a quadratic in r.
    """
    total, area, keep = width + height, width * height, MIN_OVERLAP
    moved = (total - math.sqrt(max(total**2 - 4 * area * (1 - keep) / (1 + keep), 0))) / 2
    shrunk = (2 * total - math.sqrt(max(4 * total**2 - 16 * area * (1 - keep), 0))) / 8
    grown = (-2 * keep * total + math.sqrt(4 * keep**2 * total**2 + 16 * keep * area * (1 - keep))) / (8 * keep)
    return max(0, int(min(moved, shrunk, grown)))


def splat(heat: np.ndarray, x: int, y: int, radius: int) -> None:
    """Draw a Gaussian of sigma = (2r + 1) / 6 into a map (H, W), in place; overlapping ones keep the greater value."""
    span = np.arange(-radius, radius + 1)
    sigma = (2 * radius + 1) / 6
    gaussian = np.exp(-(span[:, None] ** 2 + span[None, :] ** 2) / (2 * sigma**2))
    height, width = heat.shape
    left, right = min(x, radius), min(width - x, radius + 1)
    top, bottom = min(y, radius), min(height - y, radius + 1)
    window = heat[y - top : y + bottom, x - left : x + right]
    np.maximum(window, gaussian[radius - top : radius + bottom, radius - left : radius + right], out=window)
