"""`codesign train`: a recipe becomes a run folder."""

from codesign.training import TrainResult, train

__all__ = ["TrainResult", "train"]
