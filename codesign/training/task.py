"""The Lightning side of training: batches in a repeatable order, the optimizer, checkpoints."""

import math
from collections.abc import Iterator
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Sampler

from codesign.data.dataset import DetectionSet
from codesign.nn.codenet import CoDeNet
from codesign.recipe import Phase, Recipe
from codesign.training.losses import detection_loss
from codesign.training.targets import Batch, make_batch

WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""

MAX_GRADIENT_NORM = 10.0


class DetectionTask(pl.LightningModule):
    """One phase of training a detector."""

    def __init__(self, network: CoDeNet, recipe: Recipe, phase: Phase, total_steps: int) -> None:
        super().__init__()
        # Faster on CPUs: depthwise convolutions and the deformable gather work on rows of channels.
        self.network = network.to(memory_format=torch.channels_last)
        self.phase = phase
        self.total_steps = total_steps
        self.weight_decay = recipe.training.weight_decay

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        images = batch.images.contiguous(memory_format=torch.channels_last)
        loss = detection_loss(self.network.raw_heads(images / 256), batch)
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> dict[str, object]:
        """Adam; only weights decay, not biases, batch norms or quantizer scales."""
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.phase.learning_rate)
        schedule = LambdaLR(optimizer, lambda step: learning_rate_factor(step, self.total_steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def learning_rate_factor(step: int, total: int) -> float:
    """Linear rise over the first tenth of the steps, then half a cosine down to zero."""
    warm_up = max(1, round(total * WARM_UP))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm_up) / max(1, total - warm_up))))


class EpochShuffle(Sampler[int]):
    """An order that depends on the seed and the epoch alone, so that a resumed epoch sees the same batches."""

    def __init__(self, length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        return iter(torch.randperm(self.length, generator=generator).tolist())

    def __len__(self) -> int:
        return self.length


def train_loader(dataset: DetectionSet, recipe: Recipe) -> DataLoader[Batch]:
    """Shuffled full batches; a set smaller than one batch makes one."""
    classes, stride = len(recipe.model.classes), recipe.model.output_stride
    return DataLoader(
        dataset,
        batch_size=min(recipe.training.batch_size, len(dataset)),
        sampler=EpochShuffle(len(dataset), recipe.seed),
        collate_fn=lambda samples: make_batch(samples, classes, stride),
        drop_last=True,
        num_workers=0 if dataset.cached else 4,
    )


class SaveEveryEpoch(Callback):
    """Keeps one checkpoint, of the last whole epoch; it is replaced in one step, so a kill never truncates it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        beside = self.path.with_name(f".{self.path.name}")
        trainer.save_checkpoint(beside)
        beside.replace(self.path)
