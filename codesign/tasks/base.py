"""What every task's part draws."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
