"""What a network's outputs mean, one file a task, found by its name in recipes; what it learns is in `training.tasks`.

Such a file has

    HEADS                                    names of the outputs
    decode(values, scales, recipe) -> found  what one image's outputs say; `values` are integers (C, H, W) by name
    read(values, scales, **settings) -> found  the same for a network without a recipe
    decoding(recipe)                         those settings, which the driver takes too (`codesign.board`, same name)
    inferred(image, outputs)                 classes and settings of a network without a recipe, from the shapes
                                             (C, H, W) of its input and of its outputs by name; None if it is no such
    in_picture(found, fit) -> found          the same in the pixels of a picture that lay in the input
    measure(found, samples, recipe)          how good that is, as a record with the fields of `LABELS`
    examine(found, samples, recipe)          the same class by class, as an `Examination`
    truth(sample, classes)                   what to draw into an image whose sample is known
    marks(found, classes, size, score)       what to draw into an image of `size` (height, width), from that score on
    listing(found, classes, score)           the same as records for JSON
    INDICES                                  True where outputs may be indices of classes, largest first, in place of
                                             scores; then `read` and `decode` take `indices=True`
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from codesign.plugins import load
from codesign.tasks.base import Reading

LABELS = {"ap50": "AP50", "ap": "AP", "accuracy": "accuracy"}
"""What can be measured of a network, by the name of its field in every record."""


def task_of(recipe: Any) -> ModuleType:
    """The file of a recipe's task."""
    return load(__name__, recipe.task)


def takes_indices(recipe: Any) -> bool:
    """Whether outputs of a recipe's network may be indices of classes."""
    return bool(getattr(task_of(recipe), "INDICES", False))


def reading_of(recipe: Any, indices: bool = False) -> Reading:
    """How outputs of a recipe's network are read. indices: they are those of classes."""
    settings = task_of(recipe).decoding(recipe) | ({"indices": True} if indices else {})
    return Reading(recipe.task, tuple(recipe.model.classes), settings, recipe.data.fit)


def figures_of(record: Any, prefix: str = "") -> dict[str, float]:
    """Whatever was measured, of a record's fields with that prefix, by its label."""
    values = {label: getattr(record, prefix + name, None) for name, label in LABELS.items()}
    return {label: value for label, value in values.items() if value is not None}


def figures(record: Any, prefix: str = "", digits: int = 3) -> str:
    """Whatever was measured, of a record's fields with that prefix, as in `AP50 0.512, AP 0.301`; empty if nothing."""
    return ", ".join(f"{label} {value:.{digits}f}" for label, value in figures_of(record, prefix).items())
