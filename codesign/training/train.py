"""Training a recipe: floating point with batch norm, folding, calibration, quantization-aware training."""

import itertools
import logging
import os
import pickle
import time
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from codesign.data.check import check_recipe
from codesign.data.dataset import SampleSet, training_set, validation_set
from codesign.errors import CheckpointError, ToolError
from codesign.files import locked
from codesign.nn.equalize import equalized
from codesign.nn.fold import calibrate, clip_weights, deployed, fold_batch_norm, keep_batch_norm
from codesign.nn.network import Network, float_network, quantized_network
from codesign.nn.rounding import round_adaptively
from codesign.progress import Progress, silent
from codesign.recipe import Recipe, load_recipe, save_recipe
from codesign.sections import Phase
from codesign.training.analysis import analyse
from codesign.training.callbacks import (
    AverageWeights,
    FreezeConfidentWeights,
    FreezeStatistics,
    SaveEveryEpoch,
    StopWhenDiverged,
    TellProgress,
)
from codesign.training.channel_reuse import ReuseLoss
from codesign.training.checkpoint import check_progress, read_checkpoint
from codesign.training.history import PhaseName, is_over, load_history, of_phase
from codesign.training.initial import begin_again, begin_with
from codesign.training.metrics import evaluate_network
from codesign.training.run import (
    BEST,
    FLOAT_CHECKPOINT,
    INITIAL,
    LAST_CHECKPOINT,
    LOGS,
    RECIPE,
    RESULT,
    TrainResult,
    is_finished,
    load_result,
    read_weights,
    restore,
    save_result,
    save_weights,
)
from codesign.training.task import MAX_GRADIENT_NORM, TrainingTask, precision_of, train_loader
from codesign.training.watch import KeepHistory, Watched

PHASES = {"float_phase": "float", "quantized_phase": "quantized"}
"""What those who watch a phase are told that it is, by the recipe's section that it runs."""


def train(
    recipe: str | Path | Recipe,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
    devices: int = 1,
    tensorboard: bool = False,
    weights: str | Path | None = None,
    workers: int | None = None,
    tell: Callable[[str], None] | None = None,
    checked: bool = False,
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
        progress: called with the phase and its epoch, as in `float: epoch 1 of 40`, and its batches.
        devices: how many GPUs, or processes without one, of each machine share every batch.
        tensorboard: write losses, learning rate and figures for TensorBoard into the run folder.
        weights: a run or a file whose weights the floating-point network begins with, where they fit.
        workers: processes beside each training process that read images; as many as are of use, if not given.
        tell: is given what to know of a training before it ends, a line at a time.
        checked: one's own pictures have been looked through (`codesign.data.check`); else they are before training,
            unless it goes on.

    Raises:
        RecipeError, DataError: as `load_recipe` and the dataset's reader.
        TrainingError: the loss or a weight is no finite number; the last good epoch is kept.
        ToolError: TensorBoard is not installed.
        CheckpointError: `out` holds a run and `resume` is not set; or another recipe's; or a checkpoint is truncated;
            or another training is at work in it; or no tensor of `weights` fits.
    """
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides)
    out = Path(out)
    if recipe.training.quantized_phase is not None:
        quantized_network(recipe)  # refuses what cannot be built before anything is trained
    if is_first_process():
        refuse_other_runs(out, recipe, resume)
    if (out / RESULT).exists() and is_finished(out, recipe):
        return load_result(out)
    if is_first_process() and not (checked or (out / RECIPE).is_file()):
        check_recipe(recipe, progress)
    progress("data", 0, 1)
    data = training_set(recipe)
    validation = validation_set(recipe)
    progress("data", 1, 1)
    session = _Session(recipe, data, validation, out, progress, devices, tensorboard, weights, workers, tell)
    if not is_first_process():
        return _train(session)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out) as mine:
        if not mine:
            raise CheckpointError("another training is at work in it", where=str(out), remedy="let it end")
        refuse_other_runs(out, recipe, resume)  # one may have come and gone meanwhile
        if not (out / RECIPE).is_file():
            save_recipe(recipe, out / RECIPE)
        return _train(session)


def is_first_process() -> bool:
    """Whether this process writes. On several devices Lightning starts the same program once for each of them."""
    return bool(getattr(rank_zero_only, "rank", 0) == 0)


@dataclass(frozen=True)
class _Session:
    """What both phases need."""

    recipe: Recipe
    data: SampleSet
    validation: SampleSet
    out: Path
    progress: Progress
    devices: int
    tensorboard: bool
    weights: str | Path | None
    workers: int | None
    tell: Callable[[str], None] | None


def _train(session: _Session) -> TrainResult:
    """Both phases, or what the folder's checkpoints leave of them."""
    started = time.monotonic()
    recipe, out = session.recipe, session.out
    trained = _float_phase(session)
    quantized = None if recipe.training.quantized_phase is None else _quantized_phase(session, trained)
    if not is_first_process():
        return TrainResult(run=out, seconds=round(time.monotonic() - started, 1))
    if quantized is not None:
        save_weights(quantized, out)
    float_measured = evaluate_network(trained.cpu(), recipe, session.validation)
    measured = analyse(out, recipe, trained, quantized, session.validation)
    result = _result(out, None if quantized is None else measured, float_measured, time.monotonic() - started)
    save_result(result)
    return result


def _result(out: Path, measured: Any, float_measured: Any, seconds: float) -> TrainResult:
    figures = {} if measured is None else asdict(measured)
    figures |= {f"float_{name}": value for name, value in asdict(float_measured).items()}
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return TrainResult(run=out, seconds=round(seconds, 1), threads=torch.get_num_threads(), **rounded)


def refuse_other_runs(out: Path, recipe: Recipe, resume: bool) -> None:
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
    _begin(session, network)
    _fit(session, network, recipe.training.float_phase, session.out / FLOAT_CHECKPOINT)
    network.finish(recipe)
    return network.eval()


def _begin(session: _Session, network: Network) -> None:
    """Weights that the user has given; a run that is resumed has them already."""
    folder = session.out
    if session.weights is not None and not (folder / INITIAL).is_file() and not (folder / FLOAT_CHECKPOINT).exists():
        begun = begin_with(network, session.weights, folder)
        if session.tell is not None and is_first_process():
            session.tell(f"begins with {begun}")
    begin_again(network, folder)


def _quantized_phase(session: _Session, trained: Network) -> Network:
    recipe, phase = session.recipe, session.recipe.training.quantized_phase
    assert phase is not None  # without one this is not called
    count = recipe.quantization.calibration_batches + 1
    batches = itertools.islice(itertools.cycle(train_loader(session.data, recipe, workers=0)), count)
    images = [batch.images / 256 for batch in batches]
    if recipe.quantization.equalize:
        trained = equalized(trained, images[0])
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
    """The quantized network with what `trained` knows, calibrated on batches (N, 3, H, W) of images."""
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
    name: PhaseName = "quantized_phase" if phase is recipe.training.quantized_phase else "float_phase"
    watch = StopWhenDiverged(name, phase.learning_rate)
    history = KeepHistory(
        Watched(session.out, name, recipe, session.validation),
        averaging[0] if averaging else None,
        lambda best: save_weights(best, session.out, BEST[name]),
    )
    shown = TellProgress(PHASES[name], session.progress)
    callbacks = [watch, shown, *callbacks, *averaging, history, SaveEveryEpoch(checkpoint)]
    trainer = _trainer(session, callbacks, checkpoint.stem)
    loader = train_loader(session.data, recipe, trainer.global_rank, trainer.world_size, session.workers)
    passes = phase.passes(len(loader))
    epochs = _epochs(session, passes, name, checkpoint)
    trainer.fit_loop.max_epochs = epochs  # not before: the loader's length depends on the trainer's world
    steps = passes * len(loader)
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
    if recipe.training.keep == "best" and (session.out / BEST[name]).is_file():
        restore(network, read_weights(session.out / BEST[name]), session.out / BEST[name])


def _epochs(session: _Session, passes: int, name: str, checkpoint: Path) -> int:
    """Epochs of a phase of so many passes: fewer than the recipe's if its checkpoint is where it ended early."""
    patience = session.recipe.training.patience
    if patience is None or not checkpoint.is_file():
        return passes
    reached = read_checkpoint(checkpoint).get("epoch")
    last = reached + 1 if isinstance(reached, int) else 0  # what else it may say is refused by `check_progress`
    epochs = [one for one in of_phase(load_history(session.out), name) if one.epoch <= last]
    return last if last and is_over(epochs, patience) else passes


def _trainer(session: _Session, callbacks: list[Callback], name: str) -> pl.Trainer:
    rate = [LearningRateMonitor("step")] if session.tensorboard else []
    return pl.Trainer(
        max_epochs=-1,
        accelerator="auto",
        devices=session.devices,
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", 1)),  # of torchrun
        use_distributed_sampler=False,
        precision=precision_of(session.recipe),
        gradient_clip_val=MAX_GRADIENT_NORM,
        callbacks=[*callbacks, *rate],
        logger=_logger(session.out, name) if session.tensorboard else False,
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )


def _logger(out: Path, phase: str) -> TensorBoardLogger:
    try:
        return TensorBoardLogger(out, name=LOGS, version=phase)
    except ModuleNotFoundError as error:
        raise ToolError("TensorBoard is not installed", remedy="pip install 'codesign[tensorboard]'") from error


logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
