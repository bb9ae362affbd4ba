"""CenterNet's targets and losses."""

from collections.abc import Callable, Sequence
from functools import partial

from codesign.data.sample import Sample
from codesign.recipe import Recipe
from codesign.training.losses import detection_loss as loss
from codesign.training.losses import distillation_loss
from codesign.training.targets import Batch, make_batch

__all__ = ["collate", "distillation_loss", "loss"]


def collate(recipe: Recipe) -> Callable[[Sequence[Sample]], Batch]:
    return partial(make_batch, classes=len(recipe.model.classes), stride=recipe.model.output_stride)
