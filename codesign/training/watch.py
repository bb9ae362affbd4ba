"""Keeps the history of a training, its best weights, and ends a phase that gets no better."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch import Tensor

from codesign.data.dataset import SampleSet
from codesign.recipe import Recipe
from codesign.training.history import (
    Epoch,
    PhaseName,
    best,
    deciding,
    earlier_than,
    is_over,
    load_history,
    of_phase,
    save_history,
)
from codesign.training.metrics import evaluate_network


@dataclass(frozen=True)
class Watched:
    """A phase: the recipe's section that it runs, and the run folder that its history lies in."""

    folder: Path
    phase: PhaseName
    recipe: Recipe
    validation: SampleSet


class KeepHistory(Callback):
    """Writes every epoch's losses, and what is measured on the validation set, before the epoch's checkpoint.

    Both are the first process's work; the others hear what it measured. averages: whose weights are measured in place
    of the current ones. keep: called with the network when it is better than ever before.
    """

    def __init__(self, watched: Watched, averages: WeightAveraging | None, keep: Callable[[Any], None]) -> None:
        self.watched = watched
        self.averages = averages
        self.keep = keep
        self._sums: dict[str, Tensor] = {}
        self._started = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._sums, self._started = {}, time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: object) -> None:
        for name, value in outputs["parts"].items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        number, training = trainer.current_epoch + 1, self.watched.recipe.training
        with _averaged(self.averages, trainer, pl_module):
            due = number % training.validate_every == 0 or number == trainer.max_epochs
            measured = self._measured(trainer, pl_module) if due else {}
            epoch = self._epoch(trainer, number, measured)
            before = earlier_than(epoch, load_history(self.watched.folder))
            earlier = of_phase(before, epoch.phase)
            top = best(earlier)
            better = top is None or (bool(measured) and deciding(measured) > deciding(top.measured))
            if trainer.is_global_zero:
                save_history(self.watched.folder, [*before, epoch])
                if measured and better:
                    self.keep(pl_module.network)
        if trainer.logger is not None and measured:
            trainer.logger.log_metrics(
                {f"validation/{name}": value for name, value in measured.items()}, trainer.global_step
            )
        over = is_over([*earlier, epoch], training.patience)
        trainer.should_stop = trainer.strategy.broadcast(over, 0) or trainer.should_stop

    def _measured(self, trainer: pl.Trainer, pl_module: Any) -> Mapping[str, float]:
        found: dict[str, float] = {}
        if trainer.is_global_zero:
            network = pl_module.network.eval()
            network.finish(self.watched.recipe)
            record = evaluate_network(network, self.watched.recipe, self.watched.validation)
            network.train()
            found = {name: round(float(value), 6) for name, value in asdict(record).items()}
        return trainer.strategy.broadcast(found, 0)

    def _epoch(self, trainer: pl.Trainer, number: int, measured: Mapping[str, float]) -> Epoch:
        steps = int(trainer.num_training_batches)
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        return Epoch(
            phase=self.watched.phase,
            epoch=number,
            steps=steps,
            seconds=round(time.monotonic() - self._started, 3),
            learning_rate=float(rate),
            loss={name: round(float(total) / steps, 6) for name, total in self._sums.items()},
            measured=measured,
        )


@contextmanager
def _averaged(averages: WeightAveraging | None, trainer: pl.Trainer, module: pl.LightningModule) -> Iterator[None]:
    """Averaged weights in the module's place, as Lightning has it for its own validation."""
    if averages is None:
        yield
        return
    averages.on_validation_epoch_start(trainer, module)
    try:
        yield
    finally:
        averages.on_validation_epoch_end(trainer, module)
