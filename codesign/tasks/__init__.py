"""What a network's outputs mean, one file a task, found by its name in recipes; what it learns is in `training.tasks`.

Such a file has

    HEADS                                    names of the outputs
    decode(values, scales, recipe) -> found  what one image's outputs say; `values` are integers (C, H, W) by name
    measure(found, samples, recipe)          how good that is, as a record with the fields of `LABELS`
    marks(found, recipe)                     what to draw into the image
    listing(found, recipe, factors)          the same as records for JSON, in an image wider and higher by `factors`
    decoding(recipe)                         what the driver's `read` needs beside them (`codesign.board`, same name)
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from codesign.plugins import load

LABELS = {"ap50": "AP50", "ap": "AP", "accuracy": "accuracy"}
"""What can be measured of a network, by the name of its field in every record."""


def task_of(recipe: Any) -> ModuleType:
    """The file of a recipe's task."""
    return load(__name__, recipe.task)


def figures(record: Any, prefix: str = "", digits: int = 3) -> str:
    """Whatever was measured, of a record's fields with that prefix, as in `AP50 0.512, AP 0.301`; empty if nothing."""
    values = {label: getattr(record, prefix + name, None) for name, label in LABELS.items()}
    return ", ".join(f"{label} {value:.{digits}f}" for label, value in values.items() if value is not None)
