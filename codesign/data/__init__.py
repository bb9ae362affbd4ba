"""Detection datasets."""

from codesign.data.dataset import DetectionSet, training_set, validation_set
from codesign.data.sample import Sample

__all__ = ["DetectionSet", "Sample", "training_set", "validation_set"]
