"""From the network's integer outputs to boxes. NumPy only, so that boxes of any back end are equal if its integers are.

Decoding is CenterNet's (Zhou, Wang, Kraehenbuehl, arXiv 1904.07850, section 4), in float64, in this order:

    score = 1 / (1 + exp(-heat * heat_scale))
    cx = (x + offset_x * offset_scale) * stride          cy likewise with y
    w  = max(size_w * size_scale, 0) * stride            h  likewise
    box = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)

with x, y the cell of the peak. Peaks are taken by falling heat; equal ones by class, then y, then x. Of equal ones that
touch, the peak test keeps all, and decoding the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .fit import Fit

HEADS = ("heat", "size", "offset")


@dataclass(frozen=True, eq=False)
class Boxes:
    """Detections of one image, best first."""

    boxes: np.ndarray
    """(n, 4) float64: x0, y0, x1, y1 in pixels of the network's input."""
    scores: np.ndarray
    """(n,) float64 in (0, 1)."""
    labels: np.ndarray
    """(n,) int64, indices into the recipe's classes."""

    def __len__(self) -> int:
        return len(self.scores)


def read(values: Mapping[str, np.ndarray], scales: Mapping[str, float], *, stride: int, max_boxes: int) -> Boxes:
    """What the outputs of one image, by name, say; see `decode`."""
    return decode(*(values[head] for head in HEADS), scales=scales, stride=stride, max_boxes=max_boxes)


def in_picture(found: Boxes, fit: Fit) -> Boxes:
    """Boxes in the pixels of the picture that lay in the input: clipped, without those that have no part in it."""
    boxes = fit.back(found.boxes)
    seen = ((boxes[:, 2:] > 0) & (boxes[:, :2] < np.array(fit.picture[::-1]))).all(1)
    return Boxes(fit.clipped(boxes[seen]), found.scores[seen], found.labels[seen])


def decode(
    heat: np.ndarray,
    size: np.ndarray,
    offset: np.ndarray,
    *,
    scales: Mapping[str, float],
    stride: int,
    max_boxes: int,
) -> Boxes:
    """Boxes of one image.

    Args:
        heat: (classes, H, W) after the peak test: logits at peaks, and elsewhere one value below them all, the least
            that the type holds.
        size: (2, H, W), width and height.
        offset: (2, H, W), x and y.
        scales: real value of one integer step of `heat`, `size` and `offset`.
        stride: input pixels per cell.
        max_boxes: how many peaks to keep.
    """
    peaks = _peaks(heat, max_boxes)
    labels, ys, xs = np.unravel_index(peaks, heat.shape)
    scores = 1.0 / (1.0 + np.exp(-heat.reshape(-1)[peaks].astype(np.float64) * scales["heat"]))
    shift = offset[:, ys, xs].astype(np.float64) * scales["offset"]
    half = np.maximum(size[:, ys, xs].astype(np.float64) * scales["size"], 0.0) * stride / 2
    centre = (np.stack((xs, ys)) + shift) * stride
    return Boxes(np.concatenate((centre - half, centre + half)).T, scores, labels.astype(np.int64))


def _peaks(heat: np.ndarray, count: int) -> np.ndarray:
    """Flat indices of the highest peaks. A map without any place below another holds no peak."""
    flat = heat.reshape(-1)
    above = np.flatnonzero(flat > flat.min())
    first = above[~_follow(heat, above)]
    highest: np.ndarray = first[np.argsort(-flat[first].astype(np.float64), kind="stable")[:count]]
    return highest


def _follow(heat: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Which of the peaks, at flat indices, have the same heat as one beside them that comes before."""
    labels, ys, xs = np.unravel_index(peaks, heat.shape)
    bordered = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=heat.min())  # no peak is as low as that
    before = ((0, 0), (0, 1), (0, 2), (1, 0))
    equal: np.ndarray = np.logical_or.reduce(
        [bordered[labels, ys + y, xs + x] == heat[labels, ys, xs] for y, x in before]
    )
    return equal
