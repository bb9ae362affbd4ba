"""What the tasks have in common: how outputs are read, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

SHOWN_FROM_SCORE = 0.3
"""Boxes of less are not drawn, unless somebody asks for them."""


@dataclass(frozen=True)
class Reading:
    """How the outputs of a network are read.

    settings: of the task's `read`, beside the outputs. fit: how a picture becomes the network's input.
    """

    task: str
    classes: tuple[str, ...]
    settings: Mapping[str, Any]
    fit: str


@dataclass(frozen=True)
class ClassFigures:
    """A class: how many objects of it there are, and what was measured of it, by name; none where nothing can be.

    precision: of a detector, at an IoU of 0.5, at the recalls 0, 0.01 .. 1.
    """

    name: str
    objects: int
    figures: Mapping[str, float | None]
    precision: tuple[float, ...] = ()


@dataclass(frozen=True)
class Confusion:
    """How often what is of class `truth` was taken for class `found`. None: what is not there, or was not found."""

    truth: int | None
    found: int | None
    count: int


@dataclass(frozen=True)
class Examination:
    """What a network does with a data set, class by class."""

    classes: tuple[ClassFigures, ...]
    confusions: tuple[Confusion, ...]


@dataclass(frozen=True)
class Mark:
    """A labelled rectangle in pixels of the image; `hue` in degrees tells classes apart."""

    x: float
    y: float
    width: float
    height: float
    label: str
    hue: int

    def scaled(self, x: float, y: float) -> Mark:
        """The same place in an image that is wider by x and higher by y."""
        return replace(self, x=self.x * x, y=self.y * y, width=self.width * x, height=self.height * y)


def hue(label: int, classes: int) -> int:
    return label * 360 // classes
