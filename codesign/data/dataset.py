"""The dataset of a recipe, at the network's input size."""

import json
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from codesign.board.fit import fit_of
from codesign.data import classification, detection, own
from codesign.data.detection import Samples
from codesign.data.fit import as_input
from codesign.data.sample import Sample, Split
from codesign.recipe import PICTURES, Data, Recipe

CACHE_BYTES = 512 * 2**20
"""Sets whose resized images fit in this much memory are decoded once."""


def training_set(recipe: Recipe) -> "SampleSet":
    """What the recipe trains on. The digits set is made first if it is not there yet.

    Raises:
        DataError: the folder is missing, malformed or not given.
    """
    return _open(recipe, "trainval")


def validation_set(recipe: Recipe) -> "SampleSet":
    """What the recipe is measured on; otherwise as `training_set`."""
    return _open(recipe, "test")


def _open(recipe: Recipe, split: Split) -> "SampleSet":
    opened = _kept if recipe.data.path is None else _opened
    return opened(recipe.task, recipe.data, split, recipe.model.classes)


@lru_cache(maxsize=2)  # an ablation opens the same two sets for every run
def _kept(task: str, data: Data, split: Split, classes: tuple[str, ...]) -> "SampleSet":
    """A set that lies in no folder of the user's, who might change it."""
    return _opened(task, data, split, classes)


def _opened(task: str, data: Data, split: Split, classes: tuple[str, ...]) -> "SampleSet":
    if data.set == PICTURES:
        return SampleSet(own.read(data, task, split, classes), data.size, data.fit)
    return SampleSet(import_module(f"codesign.data.{task}").read(data, split, classes), data.size, data.fit)


def settings_for(path: Path) -> list[str]:
    """Overrides that make a recipe train on a folder: of a set that is known by its files, or else one's own pictures,
    whose format is recognized when they are read."""
    name = classification.set_in(path) or detection.set_in(path) or PICTURES
    return [f"data.path={json.dumps(str(path))}", f"data.set={name}", "data.format=null"]


class SampleSet:
    """Samples brought to the network's input of `size` (height, width) as `fit` says, boxes with them.

    That moves and scales boxes along each axis alike, which leaves every IoU as it was in the picture's own pixels.
    """

    def __init__(self, source: Samples, size: tuple[int, int], fit: str = "letterbox") -> None:
        self.source = source
        self.size = size
        self.fit = fit
        self.cached = len(source) * size[0] * size[1] * 3 <= CACHE_BYTES
        self._samples: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self.source)

    def preload(self) -> None:
        """Reads a set that fits in memory, so that processes begun afterwards share it."""
        for index in range(len(self) if self.cached else 0):
            self[index]

    def __getitem__(self, index: int) -> Sample:
        if index in self._samples:
            return self._samples[index]
        sample = fitted_sample(self.source[index], self.size, self.fit)
        if self.cached:
            self._samples[index] = sample
        return sample


def fitted_sample(sample: Sample, size: tuple[int, int], how: str) -> Sample:
    """A sample as the network sees it, its boxes in pixels of the input."""
    _, height, width = sample.image.shape
    fit = fit_of((height, width), size, how)
    if fit.is_whole:
        return sample
    image, boxes = as_input(sample.image, fit), fit.inside(sample.boxes)
    return Sample(sample.name, image, boxes, sample.labels, sample.difficult)
