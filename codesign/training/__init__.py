"""Training, its metrics and its run folders."""

from codesign.training.run import TrainResult, load_run
from codesign.training.train import is_first_process, train

__all__ = ["TrainResult", "is_first_process", "load_run", "train"]
