"""`codesign quantize`: a run's floating-point network quantized anew, with other settings or without training."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from codesign.errors import CheckpointError
from codesign.progress import Progress
from codesign.recipe import PTQ, load_recipe, save_recipe
from codesign.training import TrainResult


def quantize(
    run: str | Path,
    out: str | Path,
    *,
    training: bool = False,
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> TrainResult:
    """Quantize the network that a run trained in floating point, into a run folder of its own.

    Args:
        run: run folder that holds its floating-point checkpoint.
        out: run folder to write.
        training: train with quantizers as the recipe says; else calibrate, equalize, round and correct, in minutes.
        resume: go on with what is in `out`.
        overrides: `key.path=value` settings of the recipe; those of the floating-point network must stay.
        progress: as for `train`.

    Raises:
        RecipeError: a setting is wrong, or the network has no quantized form.
        CheckpointError: the run has no floating-point checkpoint, or of another network; `out` holds a run already.
    """
    from codesign.api.train import train
    from codesign.training.run import FLOAT_CHECKPOINT, FLOAT_FILES, RECIPE, find_run, load_float_run

    folder, out = find_run(run), Path(out)
    settings = [*(() if training else PTQ), *overrides]
    recipe = load_recipe(folder / RECIPE, settings)
    if not (folder / FLOAT_CHECKPOINT).is_file():
        raise CheckpointError(
            "holds no floating-point network", where=str(folder), remedy="quantize a run folder that `train` wrote"
        )
    load_float_run(folder, settings)  # refuses another network's before it is copied
    if not resume and (out / RECIPE).exists():
        raise CheckpointError("already holds a run", where=str(out), remedy="resume it, or choose another folder")
    if not (out / RECIPE).exists():
        out.mkdir(parents=True, exist_ok=True)
        for name in filter(lambda name: (folder / name).is_file(), FLOAT_FILES):
            shutil.copyfile(folder / name, out / name)
        save_recipe(recipe, out / RECIPE)
    return train(recipe, out, resume=True, progress=progress)
