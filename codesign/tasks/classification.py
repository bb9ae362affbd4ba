"""Classification: one class an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesign.board.classification import HEADS as HEADS
from codesign.board.classification import Class, read
from codesign.graph import IntArray
from codesign.recipe import Recipe
from codesign.tasks.base import Mark, hue

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


def marks(found: Class, recipe: Recipe) -> tuple[Mark, ...]:
    """A frame around the image, named after the class."""
    size, classes = recipe.data.image_size, recipe.model.classes
    label = f"{classes[found.label]} {found.probability:.2f}"
    return (Mark(0, 0, size, size, label, hue(found.label, len(classes))),)


def listing(found: Class, recipe: Recipe, factors: tuple[float, float]) -> Iterator[dict[str, Any]]:
    yield {"class": recipe.model.classes[found.label], "probability": found.probability}
