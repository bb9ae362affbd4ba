"""The dataset of a recipe, at the network's input size."""

import json
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from codesign.data import classification, detection, own
from codesign.data.detection import Samples
from codesign.data.pictures import stretched
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
        return SampleSet(own.read(data, task, split, classes), data.image_size)
    return SampleSet(import_module(f"codesign.data.{task}").read(data, split, classes), data.image_size)


def settings_for(path: Path) -> list[str]:
    """Overrides that make a recipe train on a folder: of a set that is known by its files, or else one's own pictures,
    whose format is recognized when they are read."""
    name = classification.set_in(path) or detection.set_in(path) or PICTURES
    return [f"data.path={json.dumps(str(path))}", f"data.set={name}", "data.format=null"]


class SampleSet(Dataset[Sample]):
    """Samples stretched to (size, size) pixels; boxes are stretched with them, which leaves every IoU as it was."""

    def __init__(self, source: Samples, size: int) -> None:
        self.source = source
        self.size = size
        self.cached = len(source) * size * size * 3 <= CACHE_BYTES
        self._samples: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        if index in self._samples:
            return self._samples[index]
        sample = _stretched(self.source[index], self.size)
        if self.cached:
            self._samples[index] = sample
        return sample


def _stretched(sample: Sample, size: int) -> Sample:
    _, height, width = sample.image.shape
    if (height, width) == (size, size):
        return sample
    image = stretched(sample.image, size)
    factors = np.array([size / width, size / height] * 2, np.float32)
    return Sample(sample.name, image, sample.boxes * factors, sample.labels, sample.difficult)
