"""Augmentation of training images as CenterNet does it: mirrored, magnified about a random place, recoloured."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageEnhance
from torch.utils.data import Dataset

from codesign.data.dataset import SampleSet
from codesign.data.sample import Sample
from codesign.sections import Augmentation

ENHANCEMENTS = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)


class AugmentedSet(Dataset[Sample]):
    """Indexed by (epoch, index): another sample in each epoch, and the same one whenever that epoch is resumed."""

    def __init__(self, source: SampleSet, augmentation: Augmentation, seed: int) -> None:
        self.source = source
        self.augmentation = augmentation
        self.seed = seed

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, place: tuple[int, int]) -> Sample:
        _, index = place
        return augmented(self.source[index], self.augmentation, np.random.default_rng([self.seed, *place]))


def augmented(sample: Sample, augmentation: Augmentation, rng: Generator) -> Sample:
    """A random variant of a sample, of the same size."""
    if augmentation.mirror and rng.random() < 0.5:
        sample = mirrored(sample)
    factor = rng.uniform(*augmentation.scale)
    size = np.array(sample.image.shape[:0:-1])
    spare = size - size / factor  # negative where the image is shrunk: it then lies somewhere on a black ground
    left, top = np.minimum(spare, 0) + np.abs(spare) * rng.random(2)
    changes = rng.uniform(-augmentation.colour, augmentation.colour, len(ENHANCEMENTS))
    return recoloured(magnified(sample, factor, left, top), 1 + changes)


def mirrored(sample: Sample) -> Sample:
    """Left and right exchanged."""
    width = sample.image.shape[2]
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = width - sample.boxes[:, [2, 0]]
    return Sample(sample.name, np.ascontiguousarray(sample.image[:, :, ::-1]), boxes, sample.labels, sample.difficult)


def magnified(sample: Sample, factor: float, left: float, top: float) -> Sample:
    """What is seen from (left, top) on, in pixels of the sample, `factor` times as large.

    Objects are clipped to the picture; one whose centre is outside is none.
    """
    size = sample.image.shape[2], sample.image.shape[1]
    view = (1 / factor, 0, left, 0, 1 / factor, top)
    picture = _picture(sample).transform(size, Image.Transform.AFFINE, view, Image.Resampling.BILINEAR)
    boxes = (sample.boxes - np.array([left, top] * 2, np.float32)) * np.float32(factor)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    seen = ((centres >= 0) & (centres < size)).all(1)
    boxes = boxes[seen].clip(0, np.array(size * 2, np.float32))
    return Sample(sample.name, _bytes(picture), boxes, sample.labels[seen], sample.difficult[seen])


def recoloured(sample: Sample, factors: np.ndarray) -> Sample:
    """Brightness, contrast and saturation times `factors`; 1 leaves them."""
    picture = _picture(sample)
    for enhancement, factor in zip(ENHANCEMENTS, factors, strict=True):
        picture = enhancement(picture).enhance(float(factor))
    return Sample(sample.name, _bytes(picture), sample.boxes, sample.labels, sample.difficult)


def _picture(sample: Sample) -> Image.Image:
    return Image.fromarray(sample.image.transpose(1, 2, 0))


def _bytes(picture: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
