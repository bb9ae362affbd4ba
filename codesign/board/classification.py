"""From the network's integer scores to a class. NumPy only: classes of any back end are equal if its integers are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .fit import Fit

HEADS = ("scores",)


@dataclass(frozen=True)
class Class:
    """What an image is taken for, and the probability by which; None where the hardware tells the class alone.

    following: further classes that it tells, the likelier first.
    """

    label: int
    probability: float | None
    following: tuple[int, ...] = ()


def read(values: Mapping[str, np.ndarray], scales: Mapping[str, float], indices: bool = False) -> Class:
    """The class of the highest score (classes, 1, 1), the first of equal ones; `scales` are of one integer step.

    indices: the one output is the class itself, (k, 1, 1), and those that come next.
    """
    if indices:
        label, *following = np.asarray(next(iter(values.values()))).reshape(-1).astype(int).tolist()
        return Class(label, None, tuple(following))
    logits = np.asarray(values["scores"], np.float64).reshape(-1) * scales["scores"]
    label = int(logits.argmax())
    return Class(label, float(1 / np.exp(logits - logits[label]).sum()))


def in_picture(found: Class, fit: Fit) -> Class:
    """A class is the picture's, wherever that lay in the input."""
    return found
