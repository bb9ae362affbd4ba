"""Classification: one class an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesign.board.classification import HEADS, Class, in_picture, read
from codesign.graph import IntArray
from codesign.graph.types import Shape
from codesign.recipe import Recipe
from codesign.tasks.base import Mark, hue

__all__ = ["HEADS", "decode", "decoding", "in_picture", "inferred", "listing", "marks", "measure", "read"]

if TYPE_CHECKING:
    from codesign.data.sample import Sample


@dataclass(frozen=True)
class Accuracy:
    """Part of the images that are taken for what they are."""

    accuracy: float


def decode(values: Mapping[str, IntArray], scales: Mapping[str, float], recipe: Recipe) -> Class:
    return read(values, scales)


def decoding(recipe: Recipe) -> dict[str, Any]:
    return {}


def measure(found: Sequence[Class], samples: Sequence[Sample], recipe: Recipe) -> Accuracy:
    right = [guess.label == int(sample.labels[0]) for guess, sample in zip(found, samples, strict=True)]
    return Accuracy(float(np.mean(right)))


def inferred(image: Shape, outputs: Mapping[str, Shape]) -> tuple[int, dict[str, Any]] | None:
    """A network is a classifier if its one output has no height or width."""
    shapes = list(outputs.values())
    return (shapes[0][0], {}) if len(shapes) == 1 and shapes[0][1:] == (1, 1) else None


def marks(found: Class, classes: Sequence[str], size: tuple[int, int], score: float = 0.0) -> tuple[Mark, ...]:
    """A frame around the image, named after the class; nothing if that is less probable than `score`."""
    if found.probability < score:
        return ()
    label = f"{classes[found.label]} {found.probability:.2f}"
    return (Mark(0, 0, size[1], size[0], label, hue(found.label, len(classes))),)


def listing(found: Class, classes: Sequence[str], score: float = 0.0) -> Iterator[dict[str, Any]]:
    if found.probability >= score:
        yield {"class": classes[found.label], "probability": found.probability}
