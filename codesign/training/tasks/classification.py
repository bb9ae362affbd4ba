"""Cross entropy."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from codesign.data.sample import Sample
from codesign.nn.network import Scores
from codesign.recipe import Recipe


class Batch(NamedTuple):
    """Images and their classes."""

    images: Tensor
    """(N, 3, H, W) uint8."""
    labels: Tensor
    """(N,) int64."""


def collate(recipe: Recipe) -> Callable[[Sequence[Sample]], Batch]:
    return make_batch


def make_batch(samples: Sequence[Sample]) -> Batch:
    """Each sample's only object is what it shows."""
    images = np.stack([sample.image for sample in samples])
    return Batch(torch.from_numpy(images), torch.from_numpy(np.concatenate([sample.labels for sample in samples])))


def loss(outputs: Scores, batch: Batch) -> Tensor:
    """Mean cross entropy."""
    return F.cross_entropy(outputs.scores.flatten(1), batch.labels)


def distillation_loss(outputs: Scores, teacher: Scores, batch: Batch) -> Tensor:
    """Mean divergence from the teacher's probabilities."""
    mine, theirs = (F.log_softmax(found.scores.flatten(1), 1) for found in (outputs, teacher))
    return F.kl_div(mine, theirs, reduction="batchmean", log_target=True)
