"""What every set with one class an image is read into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.data.sample import Sample
from codesign.errors import DataError


@dataclass(frozen=True, eq=False)
class ClassImages:
    """Images (N, 3, H, W) uint8, their labels (N,) int64, and a name for error messages.

    As samples, each holds one object of its class, which fills it.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray

    def first(self, count: int) -> ClassImages:
        return ClassImages(self.name, self.images[:count], self.labels[:count])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        image = np.ascontiguousarray(self.images[index])
        box = np.array([[0, 0, *image.shape[:0:-1]]], np.float32)
        return Sample(f"{self.name}-{index:05d}", image, box, self.labels[index : index + 1], np.zeros(1, bool))

    def check(self, classes: int) -> None:
        """Raises DataError unless the labels are those of so many classes."""
        if len(self) and int(self.labels.max()) >= classes:
            raise DataError(
                f"has classes up to number {int(self.labels.max())}, the recipe names {classes}",
                where=self.name,
                remedy="name them all in model.classes",
            )


def grey(images: np.ndarray) -> np.ndarray:
    """(N, H, W) as three equal channels, without a copy."""
    count, height, width = images.shape
    return np.broadcast_to(images[:, None], (count, 3, height, width))
