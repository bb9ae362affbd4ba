"""What every task's part draws."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A labelled rectangle in pixels of the image; `hue` in degrees tells classes apart."""

    x: float
    y: float
    width: float
    height: float
    label: str
    hue: int


def hue(label: int, classes: int) -> int:
    return label * 360 // classes
