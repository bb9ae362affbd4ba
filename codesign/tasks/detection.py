"""Detection: boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from codesign.board.detection import HEADS as HEADS
from codesign.board.detection import Boxes, read
from codesign.graph import IntArray
from codesign.recipe import Recipe
from codesign.tasks.base import Mark, hue

if TYPE_CHECKING:
    from codesign.data.precision import Precision
    from codesign.data.sample import Sample

SHOWN_FROM_SCORE = 0.3


def decode(values: Mapping[str, IntArray], scales: Mapping[str, float], recipe: Recipe) -> Boxes:
    return read(values, scales, **decoding(recipe))


def decoding(recipe: Recipe) -> dict[str, Any]:
    return {"stride": recipe.model.output_stride, "max_boxes": recipe.detection.max_boxes}


def measure(found: Sequence[Boxes], samples: Sequence[Sample], recipe: Recipe) -> Precision:
    from codesign.data.precision import average_precision

    return average_precision(found, samples, recipe.model.classes)


def marks(found: Boxes, recipe: Recipe) -> tuple[Mark, ...]:
    """The boxes that are likely."""
    classes = recipe.model.classes
    return tuple(
        Mark(x0, y0, x1 - x0, y1 - y0, f"{classes[label]} {score:.2f}", hue(int(label), len(classes)))
        for (x0, y0, x1, y1), score, label in zip(found.boxes.tolist(), found.scores, found.labels, strict=True)
        if score >= SHOWN_FROM_SCORE
    )


def listing(found: Boxes, recipe: Recipe, factors: tuple[float, float]) -> Iterator[dict[str, Any]]:
    """Every box, best first: `box` is left, top, right and bottom in pixels."""
    for box, score, label in zip(found.boxes * (factors * 2), found.scores, found.labels, strict=True):
        yield {"class": recipe.model.classes[label], "score": float(score), "box": box.tolist()}
