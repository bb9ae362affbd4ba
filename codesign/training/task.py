"""The Lightning side of training: batches in a repeatable order, the optimizer, checkpoints."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Sampler

from codesign.data.augment import AugmentedSet
from codesign.data.dataset import SampleSet
from codesign.errors import RecipeError
from codesign.nn.network import Network
from codesign.recipe import Recipe
from codesign.sections import Phase
from codesign.training.channel_reuse import ReuseLoss
from codesign.training.history import TOTAL
from codesign.training.tasks import task_of
from codesign.training.workers import workers_for

WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""

MAX_GRADIENT_NORM = 10.0


def precision_of(recipe: Recipe) -> Literal["32-true", "16-mixed", "bf16-mixed"]:
    """The recipe's, where there is a device that gains by it; CPUs compute half precision slowly, if at all."""
    return recipe.training.precision if torch.accelerator.is_available() else "32-true"


class TrainingTask(pl.LightningModule):
    """One phase of training a network.

    `teacher` is a network in eval mode, of the same outputs, whose outputs `network` learns besides the truth. `reuse`
    is added to the loss.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        phase: Phase,
        total_steps: int,
        teacher: Network | None = None,
        reuse: ReuseLoss | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        _to_channels_last(network)
        self.recipe = recipe
        self.phase = phase
        self.total_steps = total_steps
        self.weight_decay = recipe.training.weight_decay
        self.full_precision = precision_of(recipe) == "32-true"
        self.distillation = recipe.training.distillation
        self.reuse = reuse
        self._teacher = (teacher,)  # in a tuple, so that it is neither trained nor saved

    def on_fit_start(self) -> None:
        """Called by Lightning once the network is on its device."""
        for teacher in filter(None, self._teacher):
            _to_channels_last(teacher.to(self.device))

    def training_step(self, batch: Any, batch_index: int) -> dict[str, Any]:
        """The loss, and its parts for whoever keeps the history."""
        images = batch.images.contiguous(memory_format=torch.channels_last) / 256
        outputs, task = _outputs(self.network, images), task_of(self.recipe)
        summands = task.loss(outputs, batch)
        parts = dict(summands) if isinstance(summands, Mapping) else {"truth": summands}
        (teacher,) = self._teacher
        if teacher is not None:
            with torch.no_grad():
                theirs = _outputs(teacher, images)
            assert self.distillation is not None
            weight = self.distillation.weight
            parts["distillation"] = weight * task.distillation_loss(outputs, theirs, batch)
        if self.reuse is not None:
            parts["reuse"] = self.reuse(self.global_step, batch_index)
        loss = sum(parts.values(), start=torch.zeros((), device=self.device))
        self.log(TOTAL, loss)
        self.log_dict({f"{TOTAL}/{name}": part for name, part in parts.items()})
        return {"loss": loss, "parts": {name: part.detach() for name, part in {TOTAL: loss, **parts}.items()}}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam; only weights decay, not biases, batch norms or quantizer scales."""
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        # One pass over all weights, except where Lightning must unscale gradients before it clips them.
        optimizer = torch.optim.AdamW(groups, lr=self.phase.learning_rate, fused=self.full_precision)
        schedule = LambdaLR(optimizer, lambda step: learning_rate_factor(step, self.total_steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _outputs(network: Network, images: Tensor) -> Any:
    """In float32, as losses need it, whatever the convolutions computed in."""
    outputs = network.raw_heads(images)
    return type(outputs)(*(output.float() for output in outputs))


def learning_rate_factor(step: int, total: int) -> float:
    """Linear rise over the first tenth of the steps, then half a cosine down to zero."""
    warm_up = max(1, round(total * WARM_UP))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm_up) / max(1, total - warm_up))))


def _to_channels_last(network: Network) -> None:
    """Faster on CPUs: depthwise convolutions and the deformable gather work on rows of channels."""
    to: Any = network.to  # whose declaration leaves the memory format out
    to(memory_format=torch.channels_last)


class EpochShuffle(Sampler[Any]):
    """An order that depends on the seed and the epoch alone, so that a resumed epoch sees the same batches.

    Of several processes each takes its own part, all equally long.
    """

    def __init__(self, length: int, seed: int, rank: int = 0, processes: int = 1) -> None:
        self.length = length
        self.seed = seed
        self.rank = rank
        self.processes = processes
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Any]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.length, generator=generator)
        return iter(order[self.rank :: self.processes][: len(self)].tolist())

    def __len__(self) -> int:
        return self.length // self.processes


class EpochPlaces(EpochShuffle):
    """The same order as pairs (epoch, index), for images that change from epoch to epoch."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((self.epoch, index) for index in super().__iter__())


def train_loader(
    dataset: SampleSet, recipe: Recipe, rank: int = 0, processes: int = 1, workers: int | None = None
) -> DataLoader[Any]:
    """Shuffled full batches, each process its part of the recipe's batch; a set smaller than one batch makes one.

    workers: processes that read and augment; as many as are of use, if not given. Batches are the same with any number.

    Raises:
        RecipeError: the batch cannot be divided equally.
    """
    size = recipe.training.batch_size
    if size % processes:
        raise RecipeError(
            f"{size} images cannot be divided among {processes} devices",
            where="training.batch_size",
            remedy=f"choose a multiple of {processes}",
        )
    augmentation = recipe.training.augmentation
    kind = EpochShuffle if augmentation is None else EpochPlaces
    sampler = kind(len(dataset), recipe.seed, rank, processes)
    workers = workers_for(dataset, augmented=augmentation is not None, processes=processes, asked=workers)
    if workers:
        dataset.preload()
    return DataLoader(
        dataset if augmentation is None else AugmentedSet(dataset, augmentation, recipe.seed),  # type: ignore[arg-type]
        batch_size=min(size // processes, len(sampler)),
        sampler=sampler,
        collate_fn=task_of(recipe).collate(recipe),
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
    )
