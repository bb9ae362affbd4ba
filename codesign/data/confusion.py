"""Which objects a detector takes for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from codesign.board.detection import Boxes
from codesign.data.sample import Sample

OVERLAP = 0.5
"""IoU from which on a box is taken to mean an object."""


def confusions(
    detections: Sequence[Boxes], samples: Iterable[Sample], score: float
) -> Counter[tuple[int | None, int | None]]:
    """How often objects of a class were found as one of a class: pairs of labels (truth, found).

    None as truth: nothing was there; as found: the object was missed. Boxes of at least `score` count, each for the
    object that it overlaps most and that no likelier one has; what means a difficult object does not count.
    """
    counted: Counter[tuple[int | None, int | None]] = Counter()
    for found, sample in zip(detections, samples, strict=True):
        likely = found.scores >= score
        boxes, labels = found.boxes[likely], found.labels[likely]
        overlaps = intersection_over_union(boxes, sample.boxes)
        free = np.ones(len(sample.boxes), bool)
        for row, label in zip(overlaps, labels.tolist(), strict=True):  # likeliest first
            left = np.where(free, row, 0)
            place = int(left.argmax()) if len(left) else 0
            if not len(left) or left[place] < OVERLAP:
                counted[None, label] += 1
                continue
            free[place] = bool(sample.difficult[place])  # any number of boxes may mean a difficult one
            if not sample.difficult[place]:
                counted[int(sample.labels[place]), label] += 1
        counted.update((int(label), None) for label in sample.labels[free & ~sample.difficult])
    return counted


def intersection_over_union(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Overlaps (n, m) of boxes (n, 4) and (m, 4), each x0, y0, x1, y1."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (first, second)]
    whole = areas[0][:, None] + areas[1][None] - common
    parts = np.zeros(common.shape)
    np.divide(common, whole, out=parts, where=whole > 0)
    return parts
