"""Classification: one class an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesign.board.classification import HEADS as HEADS
from codesign.board.classification import Class, read
from codesign.board.classification import in_picture as in_picture
from codesign.graph import IntArray
from codesign.graph.types import Shape
from codesign.recipe import Recipe
from codesign.tasks.base import ClassFigures, Confusion, Examination, Mark, hue

if TYPE_CHECKING:
    from codesign.data.sample import Sample


@dataclass(frozen=True)
class Accuracy:
    """Part of the images that are taken for what they are."""

    accuracy: float


INDICES = True


def decode(values: Mapping[str, IntArray], scales: Mapping[str, float], recipe: Recipe) -> Class:
    return read(values, scales)


def decoding(recipe: Recipe) -> dict[str, Any]:
    return {}


def measure(found: Sequence[Class], samples: Sequence[Sample], recipe: Recipe) -> Accuracy:
    right = [guess.label == int(sample.labels[0]) for guess, sample in zip(found, samples, strict=True)]
    return Accuracy(float(np.mean(right)))


def examine(found: Sequence[Class], samples: Sequence[Sample], recipe: Recipe) -> Examination:
    """Recall and precision, class by class, and every confusion."""
    counted = Counter((int(sample.labels[0]), guess.label) for guess, sample in zip(found, samples, strict=True))
    figures = []
    for label, name in enumerate(recipe.model.classes):
        shown = sum(count for (truth, _), count in counted.items() if truth == label)
        guessed = sum(count for (_, guess), count in counted.items() if guess == label)
        parts = {"recall": shown, "precision": guessed}
        right = counted[label, label]
        shares = {what: round(right / whole, 4) if whole else None for what, whole in parts.items()}
        figures.append(ClassFigures(name, shown, shares))
    return Examination(tuple(figures), tuple(Confusion(*pair, count) for pair, count in counted.items()))


def truth(sample: Sample, classes: Sequence[str]) -> tuple[Mark, ...]:
    """A frame around the image, named after its class."""
    _, height, width = sample.image.shape
    label = int(sample.labels[0])
    return (Mark(0, 0, width, height, classes[label], hue(label, len(classes))),)


def inferred(image: Shape, outputs: Mapping[str, Shape]) -> tuple[int, dict[str, Any]] | None:
    """A network is a classifier if its one output has no height or width."""
    shapes = list(outputs.values())
    return (shapes[0][0], {}) if len(shapes) == 1 and shapes[0][1:] == (1, 1) else None


def marks(found: Class, classes: Sequence[str], size: tuple[int, int], score: float = 0.0) -> tuple[Mark, ...]:
    """A frame around the image, named after the class; nothing if that is less probable than `score`."""
    if found.probability is not None and found.probability < score:
        return ()
    label = classes[found.label] + ("" if found.probability is None else f" {found.probability:.2f}")
    return (Mark(0, 0, size[1], size[0], label, hue(found.label, len(classes))),)


def listing(found: Class, classes: Sequence[str], score: float = 0.0) -> Iterator[dict[str, Any]]:
    """The class and how probable it is; where the hardware tells classes alone, those that follow it."""
    if found.probability is None:
        yield {"class": classes[found.label]} | (
            {"next": ", ".join(classes[label] for label in found.following)} if found.following else {}
        )
    elif found.probability >= score:
        yield {"class": classes[found.label], "probability": found.probability}
