"""Detection: boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from codesign.board.detection import HEADS as HEADS
from codesign.board.detection import Boxes, read
from codesign.board.detection import in_picture as in_picture
from codesign.graph import IntArray
from codesign.graph.types import Shape
from codesign.recipe import Recipe
from codesign.tasks.base import SHOWN_FROM_SCORE, ClassFigures, Confusion, Examination, Mark, hue

if TYPE_CHECKING:
    from codesign.data.precision import Precision
    from codesign.data.sample import Sample


MOST_BOXES = 50
"""The most boxes of a network without a recipe, as recipes have it unless they say otherwise."""


def decode(values: Mapping[str, IntArray], scales: Mapping[str, float], recipe: Recipe) -> Boxes:
    return read(values, scales, **decoding(recipe))


def decoding(recipe: Recipe) -> dict[str, Any]:
    return {"stride": recipe.model.output_stride, "max_boxes": recipe.detection.max_boxes}


def measure(found: Sequence[Boxes], samples: Sequence[Sample], recipe: Recipe) -> Precision:
    from codesign.data.precision import average_precision

    return average_precision(found, samples, recipe.model.classes)


def inferred(image: Shape, outputs: Mapping[str, Shape]) -> tuple[int, dict[str, Any]] | None:
    """A network is a detector if it has these heads, over maps that divide its input."""
    if set(outputs) != set(HEADS):
        return None
    classes, height, width = outputs["heat"]
    stride = image[1] // height
    if image[1:] != (height * stride, width * stride):
        return None
    return classes, {"stride": stride, "max_boxes": MOST_BOXES}


def examine(found: Sequence[Boxes], samples: Sequence[Sample], recipe: Recipe) -> Examination:
    """AP and the precision at every recall, class by class; confusions of boxes that are likely enough to be drawn."""
    from codesign.data.confusion import confusions
    from codesign.data.precision import class_precision

    classes = recipe.model.classes
    return Examination(
        tuple(
            ClassFigures(name, one.objects, {"AP50": one.ap50, "AP": one.ap}, one.curve)
            for name, one in zip(classes, class_precision(found, samples, classes), strict=True)
        ),
        tuple(Confusion(*pair, count) for pair, count in confusions(found, samples, SHOWN_FROM_SCORE).items()),
    )


def truth(sample: Sample, classes: Sequence[str]) -> tuple[Mark, ...]:
    """The objects; difficult ones say so."""
    return tuple(
        Mark(x0, y0, x1 - x0, y1 - y0, f"{classes[label]}{' (difficult)' * bool(hard)}", hue(int(label), len(classes)))
        for (x0, y0, x1, y1), label, hard in zip(sample.boxes.tolist(), sample.labels, sample.difficult, strict=True)
    )


def marks(
    found: Boxes, classes: Sequence[str], size: tuple[int, int], score: float = SHOWN_FROM_SCORE
) -> tuple[Mark, ...]:
    """The boxes that are likely."""
    return tuple(
        Mark(x0, y0, x1 - x0, y1 - y0, f"{classes[label]} {likely:.2f}", hue(int(label), len(classes)))
        for (x0, y0, x1, y1), likely, label in zip(found.boxes.tolist(), found.scores, found.labels, strict=True)
        if likely >= score
    )


def listing(found: Boxes, classes: Sequence[str], score: float = 0.0) -> Iterator[dict[str, Any]]:
    """Boxes of at least that score, best first: `box` is left, top, right and bottom in pixels."""
    for box, likely, label in zip(found.boxes, found.scores, found.labels, strict=True):
        if likely >= score:
            yield {"class": classes[label], "score": float(likely), "box": box.tolist()}
