"""`codesign quantize`: a run's floating-point network quantized anew, with other settings or without training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codesign.api.train import train
from codesign.errors import CheckpointError
from codesign.progress import Progress, silent
from codesign.recipe import PTQ, Recipe, load_recipe, save_recipe
from codesign.run_folder import RECIPE, find_run
from codesign.training import TrainResult
from codesign.training.run import FLOAT_CHECKPOINT, copy_float_phase, load_float_run
from codesign.training.train import refuse_other_runs

TRAINED = ("training.quantized_phase={}", "quantization.adaptive_rounding=false")
"""Settings that train with quantizers for the default length, where a recipe says that nothing is trained so."""


def quantize(
    run: str | Path,
    out: str | Path,
    *,
    training: bool = False,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
) -> TrainResult:
    """Quantize the network that a run trained in floating point, into a run folder of its own.

    Args:
        run: run folder that holds its floating-point checkpoint.
        out: run folder to write.
        training: train with quantizers as the run's recipe says, or for the default length if it says no such training;
            else calibrate, equalize, round and correct, in minutes.
        resume: go on with what is in `out`.
        overrides: `key.path=value` settings of the recipe; those of the floating-point network must stay.
        progress: as for `train`.

    Raises:
        RecipeError: a setting is wrong, or the network has no quantized form.
        CheckpointError: the run has no floating-point checkpoint, or of another network; `out` holds a run already.
    """
    folder, out = find_run(run), Path(out)
    if not (folder / FLOAT_CHECKPOINT).is_file():
        raise CheckpointError(
            "holds no floating-point network", where=str(folder), remedy="quantize a run folder that `train` wrote"
        )
    settings = [*_settings(load_recipe(folder / RECIPE), training), *overrides]
    recipe = load_recipe(folder / RECIPE, settings)
    refuse_other_runs(out, recipe, resume)
    if not (out / RECIPE).is_file():
        load_float_run(folder, settings)  # refuses another network's before it is copied
        copy_float_phase(folder, out)
        save_recipe(recipe, out / RECIPE)
    return train(recipe, out, resume=True, progress=progress)


def _settings(recipe: Recipe, training: bool) -> tuple[str, ...]:
    """What is said of quantization before the user's own settings."""
    if not training:
        return PTQ
    phase = recipe.training.quantized_phase
    return TRAINED if phase is None or phase.steps == 0 else ()
