"""What happens between the steps of a training: checkpoints, averaged weights, frozen weights."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch import Tensor, nn
from torch.optim import Optimizer

from codesign.errors import TrainingError
from codesign.nn.fused import QuantConv2d
from codesign.nn.norm import TrainedNorm
from codesign.progress import Progress
from codesign.sections import Freezing

FROZEN_PART = 0.25
"""Part of the quantized phase's steps, the last ones, in which batch norms keep their statistics."""


class SaveEveryEpoch(Callback):
    """Keeps one checkpoint, of the last whole epoch; it is replaced in one step, so a kill never truncates it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        beside = self.path.with_name(f".{self.path.name}")
        try:
            trainer.save_checkpoint(beside)
        except OSError as error:  # Lightning names a temporary file of its own, which may lie on another disk
            beside.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        if trainer.is_global_zero:
            beside.replace(self.path)


class TellProgress(Callback):
    """Tells of every batch which epoch of the phase it is in, counted from 1, and the loss when the epoch began."""

    def __init__(self, phase: str, progress: Progress) -> None:
        self.phase = phase
        self.progress = progress
        self._what = phase

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        loss = trainer.callback_metrics.get("loss")
        so_far = "" if loss is None else f", loss {float(loss):.3g}"
        self._what = f"{self.phase}: epoch {trainer.current_epoch + 1} of {trainer.max_epochs}{so_far}"
        self._tell(trainer, 0)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._tell(trainer, batch_idx + 1)

    def _tell(self, trainer: pl.Trainer, done: int) -> None:
        if trainer.is_global_zero:
            self.progress(self._what, done, int(trainer.num_training_batches))


class StopWhenDiverged(Callback):
    """Ends a training whose loss or weights are no finite numbers, before anything of that epoch is saved.

    phase: the recipe's section that it runs, for the message.
    """

    def __init__(self, phase: str, learning_rate: float) -> None:
        self.phase = phase
        self.learning_rate = learning_rate

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: object) -> None:
        self._check(trainer, "loss", bool(torch.isfinite(outputs["loss"]).all()))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        broken = unsound(pl_module)
        self._check(trainer, broken or "weights", broken is None)

    def _check(self, trainer: pl.Trainer, what: str, sound: bool) -> None:
        if not trainer.strategy.reduce_boolean_decision(sound):  # all processes stop, or none
            raise TrainingError(
                f"training diverged in epoch {trainer.current_epoch + 1}, step {trainer.global_step}: the {what} is no "
                "finite number",
                where=f"training.{self.phase}",
                remedy=f"try a learning_rate below {self.learning_rate:g}, or train longer at a lower one; nothing of "
                "this epoch was saved",
            )


def unsound(network: nn.Module) -> str | None:
    """The first parameter with a value that is no finite number, or buffer with one that is no number; None if none.

    Quantizers keep infinities as buffers.
    """
    for name, value in network.named_parameters():
        if not bool(torch.isfinite(value).all()):
            return name
    return next((name for name, value in network.named_buffers() if bool(torch.isnan(value).any())), None)


class AverageWeights(WeightAveraging):
    """Exponential moving average of weights and statistics. Checkpoints hold it as their `state_dict`.

    The decay rises to its value over the first steps, so that the random start is forgotten in short trainings too.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(avg_fn=lambda mean, current, steps: moving_average(mean, current, int(steps), decay))

    def finish(self, module: pl.LightningModule) -> None:
        """Give the module the average. Lightning does so itself only where at least one step was left to do."""
        self._copy_average_to_current(module)


def moving_average(mean: Tensor, current: Tensor, steps: int, decay: float) -> Tensor:
    """The next mean. What does not change stays to the bit: quantizers keep constants, -inf too, as buffers."""
    keep = min(decay, (1 + steps) / (10 + steps))
    return torch.where(mean == current, mean, mean * keep + current * (1 - keep))


class FreezeStatistics(Callback):
    """Batch norms that quantized convolutions train with: their statistics stay as they are in the last steps."""

    @torch.no_grad()
    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        assert trainer.max_epochs is not None  # a phase says how many it has
        steps = trainer.max_epochs * trainer.num_training_batches
        following = trainer.global_step < steps * (1 - FROZEN_PART)
        for module in pl_module.modules():
            if isinstance(module, TrainedNorm):
                module.train(following)


class FreezeConfidentWeights(Callback):
    """In the last epochs, keeps weights where they are unless they lie close to a rounding threshold.

    Depends on nothing but the weights and the epoch, so that a resumed training freezes the same ones.
    """

    def __init__(self, freezing: Freezing) -> None:
        self.freezing = freezing
        self._frozen: list[tuple[Tensor, Tensor, Tensor]] = []

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        for conv in self._convolutions(trainer, pl_module):
            if conv.norm is not None:
                conv.norm.eval()  # its statistics would move all weights of their channels

    @torch.no_grad()
    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        convolutions = self._convolutions(trainer, pl_module)
        for conv in convolutions:
            if conv.norm is not None:
                conv.norm.weight.grad = None  # and so would its gains
        self._frozen = [
            (conv.weight, confident(conv.weight_steps(), self.freezing.boundary), conv.weight.clone())
            for conv in convolutions
        ]

    def _convolutions(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> list[QuantConv2d]:
        """What is frozen now: all in the last epochs, else none."""
        assert trainer.max_epochs is not None  # a phase says how many it has
        if trainer.current_epoch < trainer.max_epochs - self.freezing.epochs:
            return []
        return [module for module in pl_module.modules() if isinstance(module, QuantConv2d)]

    @torch.no_grad()
    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        for weight, frozen, before in self._frozen:
            weight.copy_(torch.where(frozen, before, weight))  # momentum and decay move weights without gradient too
        self._frozen = []


def confident(steps: Tensor, boundary: float) -> Tensor:
    """Whether weights, as multiples of their scale, are farther than `boundary` from where rounding changes."""
    return (steps - steps.floor() - 0.5).abs() > boundary
