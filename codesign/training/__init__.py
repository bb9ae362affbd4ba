"""Training, its metrics and its run folders."""

from codesign.training.run import TrainResult, load_run
from codesign.training.train import train

__all__ = ["TrainResult", "load_run", "train"]
