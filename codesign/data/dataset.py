"""The dataset of a recipe, at the network's input size."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from codesign.data import classes
from codesign.data.classes.base import ClassImages
from codesign.data.coco import CocoDataset, is_coco
from codesign.data.digits import VERSION, write_digits
from codesign.data.pictures import stretched
from codesign.data.sample import Sample, Split
from codesign.data.voc import VocDataset
from codesign.errors import DataError
from codesign.recipe import Data, Recipe
from codesign.resources import cache_dir

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
    data = recipe.data
    if recipe.task == "classification":
        return _classes(data, split, len(recipe.model.classes))
    if data.set != "digits" and data.path is None:
        raise DataError(
            "the recipe's images are not part of this package",
            where=f"{recipe.name}: data.path",
            remedy="give the VOC devkit's or the COCO folder with --data",
        )
    if data.path is None:
        return _made_digits(digits_folder(data), data, split, recipe.model.classes)
    reader = CocoDataset if data.set == "coco" else VocDataset
    return SampleSet(reader(data.path, split, recipe.model.classes), data.image_size)


@lru_cache(maxsize=2)
def _classes(data: Data, split: Split, count: int) -> "SampleSet":
    source = classes.read(data, split)
    source.check(count)
    return SampleSet(source, data.image_size)


@lru_cache(maxsize=2)  # an ablation opens the same two sets for every run
def _made_digits(folder: Path, data: Data, split: Split, names: tuple[str, ...]) -> "SampleSet":
    if not folder.exists():
        write_digits(
            folder,
            image_size=data.image_size,
            train_images=data.train_images,
            test_images=data.val_images,
            seed=data.seed,
            heights=data.digit_heights,
        )
    return SampleSet(VocDataset(folder, split, names), data.image_size)


def settings_for(path: Path) -> list[str]:
    """Overrides that make a recipe train on a VOC folder or devkit, a COCO folder, or a set of classes' folder."""
    name = classes.set_in(path) or ("coco" if is_coco(path) else "voc")
    return [f"data.path={json.dumps(str(path))}", f"data.set={name}"]


def digits_folder(data: Data) -> Path:
    """Where the digits set of these parameters is kept: under `$CODESIGN_CACHE`, or else `~/.cache/codesign`."""
    key = f"digits-v{VERSION}-{data.image_size}-{data.train_images}-{data.val_images}-{data.seed}"
    return cache_dir() / "-".join((key, *map(str, data.digit_heights or ())))


class SampleSet(Dataset[Sample]):
    """Samples stretched to (size, size) pixels; boxes are stretched with them, which leaves every IoU as it was."""

    def __init__(self, source: VocDataset | CocoDataset | ClassImages, size: int) -> None:
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
