"""Training a recipe: floating point with batch norm, folding, calibration, quantization-aware training."""

import itertools
import logging
import os
import pickle
import time
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from codesign.data.dataset import SampleSet, training_set, validation_set
from codesign.errors import CheckpointError, ToolError
from codesign.files import locked
from codesign.nn.equalize import equalize
from codesign.nn.fold import calibrate, clip_weights, deployed, fold_batch_norm, keep_batch_norm
from codesign.nn.network import Network, float_network, quantized_network
from codesign.nn.rounding import round_adaptively
from codesign.recipe import Recipe, load_recipe, save_recipe
from codesign.sections import Phase
from codesign.training.callbacks import (
    AverageWeights,
    FreezeConfidentWeights,
    FreezeStatistics,
    SaveEveryEpoch,
    StopWhenDiverged,
)
from codesign.training.channel_reuse import ReuseLoss
from codesign.training.checkpoint import check_progress
from codesign.training.metrics import evaluate_network
from codesign.training.run import (
    FLOAT_CHECKPOINT,
    LAST_CHECKPOINT,
    LOGS,
    RECIPE,
    RESULT,
    TrainResult,
    is_finished,
    load_result,
    save_result,
    save_weights,
)
from codesign.training.task import MAX_GRADIENT_NORM, TrainingTask, train_loader


def train(
    recipe: str | Path | Recipe,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: bool = True,
    devices: int = 1,
    tensorboard: bool = False,
) -> TrainResult:
    """Train a recipe into a run folder (`codesign.training.run`).

    Checkpoints are written after each epoch. A training that was interrupted and resumed on the same machine, with the
    same number of threads (OMP_NUM_THREADS), ends with the same weights, bit for bit, as one that was not; a finished
    one returns its result at once, unless its result or weights cannot be read: then what is missing is trained again.

    Args:
        recipe: a recipe, its file, or the name of one that ships.
        out: run folder to write.
        resume: go on from the folder's last checkpoint.
        overrides: `key.path=value` settings, as for `load_recipe`.
        progress: show progress bars.
        devices: how many GPUs, or processes without one, of each machine share every batch.
        tensorboard: write the loss and the learning rate for TensorBoard into the run folder.

    Raises:
        RecipeError, DataError: as `load_recipe` and the dataset's reader.
        TrainingError: the loss or a weight is no finite number; the last good epoch is kept.
        ToolError: TensorBoard is not installed.
        CheckpointError: `out` holds a run and `resume` is not set; or another recipe's; or a checkpoint is truncated;
            or another training is at work in it.
    """
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides)
    out = Path(out)
    if recipe.training.quantized_phase is not None:
        quantized_network(recipe)  # refuses what cannot be built before anything is trained
    if is_first_process():
        _refuse_other_runs(out, recipe, resume)
    if (out / RESULT).exists() and is_finished(out, recipe):
        return load_result(out)
    data = training_set(recipe)
    validation = validation_set(recipe)
    session = _Session(recipe, data, out, progress, devices, tensorboard)
    if not is_first_process():
        return _train(session, validation)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out) as mine:
        if not mine:
            raise CheckpointError("another training is at work in it", where=str(out), remedy="let it end")
        _refuse_other_runs(out, recipe, resume)  # one may have come and gone meanwhile
        if not (out / RECIPE).is_file():
            save_recipe(recipe, out / RECIPE)
        return _train(session, validation)


def is_first_process() -> bool:
    """Whether this process writes. On several devices Lightning starts the same program once for each of them."""
    return bool(getattr(rank_zero_only, "rank", 0) == 0)


@dataclass(frozen=True)
class _Session:
    """What both phases need."""

    recipe: Recipe
    data: SampleSet
    out: Path
    progress: bool
    devices: int
    tensorboard: bool


def _train(session: _Session, validation: SampleSet) -> TrainResult:
    """Both phases, or what the folder's checkpoints leave of them."""
    started = time.monotonic()
    recipe, out = session.recipe, session.out
    trained = _float_phase(session)
    float_measured = evaluate_network(trained, recipe, validation)
    measured = None
    if recipe.training.quantized_phase is not None:
        quantized = _quantized_phase(session, trained)
        measured = evaluate_network(quantized, recipe, validation)
        if is_first_process():
            save_weights(quantized, out)
    result = _result(out, measured, float_measured, time.monotonic() - started)
    if is_first_process():
        save_result(result)
    return result


def _result(out: Path, measured: Any, float_measured: Any, seconds: float) -> TrainResult:
    figures = {} if measured is None else asdict(measured)
    figures |= {f"float_{name}": value for name, value in asdict(float_measured).items()}
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return TrainResult(run=out, seconds=round(seconds, 1), threads=torch.get_num_threads(), **rounded)


def _refuse_other_runs(out: Path, recipe: Recipe, resume: bool) -> None:
    """Make sure that `out` is new, or that it holds a run of this very recipe to resume."""
    saved = out / RECIPE
    if not saved.is_file():
        return
    if not resume:
        raise CheckpointError("already holds a run", where=str(out), remedy="resume it, or choose another folder")
    if load_recipe(saved) != recipe:
        raise CheckpointError("holds a run of another recipe", where=str(out), remedy="choose another folder")


def _float_phase(session: _Session) -> Network:
    recipe = session.recipe
    torch.manual_seed(recipe.seed)
    network = float_network(recipe)
    _fit(session, network, recipe.training.float_phase, session.out / FLOAT_CHECKPOINT)
    network.finish(recipe)
    return network.eval()


def _quantized_phase(session: _Session, trained: Network) -> Network:
    recipe, phase = session.recipe, session.recipe.training.quantized_phase
    assert phase is not None  # without one this is not called
    count = recipe.quantization.calibration_batches + 1
    batches = itertools.islice(itertools.cycle(train_loader(session.data, recipe)), count)
    images = [batch.images / 256 for batch in batches]
    network = _start(recipe, trained, images)
    if phase.steps == 0:
        network.eval()
        if recipe.quantization.adaptive_rounding:
            round_adaptively(network, trained, images)
    else:
        _train_quantized(session, phase, network, trained)
    final = deployed(network, recipe).eval()
    final.finish(recipe)
    return final


def _start(recipe: Recipe, trained: Network, images: Sequence[Tensor]) -> Network:
    """The quantized network with what `trained` knows, calibrated on batches (N, 3, S, S) of images."""
    if recipe.quantization.equalize:
        equalize(trained, images[0])
    network = quantized_network(recipe)
    if recipe.training.batch_norm == "kept" and not recipe.quantization.adaptive_rounding:
        keep_batch_norm(network, trained)
    fold_batch_norm(trained, network)
    clip_weights(network, recipe.quantization.weight_percentile)
    calibrate(network, images)
    return network


def _train_quantized(session: _Session, phase: Phase, network: Network, trained: Network) -> None:
    training = session.recipe.training
    teacher = None if training.distillation is None else trained
    freezing = [] if training.freezing is None else [FreezeConfidentWeights(training.freezing)]
    _fit(session, network, phase, session.out / LAST_CHECKPOINT, teacher, [FreezeStatistics(), *freezing])


def _fit(
    session: _Session,
    network: Network,
    phase: Phase,
    checkpoint: Path,
    teacher: Network | None = None,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Run a phase, or what `checkpoint` leaves of it."""
    recipe = session.recipe
    averaging = [] if recipe.training.ema is None else [AverageWeights(recipe.training.ema)]
    name = "quantized_phase" if phase is recipe.training.quantized_phase else "float_phase"
    watch = StopWhenDiverged(name, phase.learning_rate)
    trainer = _trainer(session, [watch, *callbacks, *averaging, SaveEveryEpoch(checkpoint)], checkpoint.stem)
    loader = train_loader(session.data, recipe, trainer.global_rank, trainer.world_size)
    epochs = phase.passes(len(loader))
    trainer.fit_loop.max_epochs = epochs  # not before: the loader's length depends on the trainer's world
    steps = epochs * len(loader)
    settings = recipe.training.reuse if phase is recipe.training.quantized_phase else None
    reuse = None if settings is None else ReuseLoss(settings, network, steps)
    task = TrainingTask(network, recipe, phase, steps, teacher, reuse)
    previous = str(checkpoint) if os.path.lexists(checkpoint) else None
    if previous is not None:
        check_progress(checkpoint, task, epochs, len(loader))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            trainer.fit(task, loader, ckpt_path=previous, weights_only=True)
    except (EOFError, KeyError, pickle.UnpicklingError, zipfile.BadZipFile, RuntimeError) as error:
        if previous is None or trainer.global_step:
            raise
        raise CheckpointError(
            "is truncated or of another network", where=previous, remedy="delete it to start this phase again"
        ) from error
    for average in averaging:
        average.finish(task)
    network.cpu()


def _trainer(session: _Session, callbacks: list[Callback], name: str) -> pl.Trainer:
    rate = [LearningRateMonitor("step")] if session.tensorboard else []
    return pl.Trainer(
        max_epochs=-1,
        accelerator="auto",
        devices=session.devices,
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", 1)),  # of torchrun
        use_distributed_sampler=False,
        precision=session.recipe.training.precision,
        gradient_clip_val=MAX_GRADIENT_NORM,
        callbacks=[*callbacks, *rate],
        logger=_logger(session.out, name) if session.tensorboard else False,
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=session.progress,
    )


def _logger(out: Path, phase: str) -> TensorBoardLogger:
    try:
        return TensorBoardLogger(out, name=LOGS, version=phase)
    except ModuleNotFoundError as error:
        raise ToolError("TensorBoard is not installed", remedy="pip install 'codesign[tensorboard]'") from error


logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
