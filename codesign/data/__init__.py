"""Datasets of the tasks."""

from codesign.data.dataset import SampleSet, training_set, validation_set
from codesign.data.sample import Sample

__all__ = ["Sample", "SampleSet", "training_set", "validation_set"]
