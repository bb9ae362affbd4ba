"""`codesign ablate`: a recipe trained with every operator of the decoder, in either order, several times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import get_args

from codesign.errors import CheckpointError, RecipeError
from codesign.files import write_text
from codesign.networks.codenet import Model, Operator, Order, operator_form
from codesign.progress import Progress, silent
from codesign.recipe import Recipe, load_recipe, save_recipe
from codesign.reporting.ablation import AblationRun, load_ablation, write_ablation

OPERATORS: tuple[Operator, ...] = get_args(Operator)
ORDERS: tuple[Order, ...] = get_args(Order)
SEEDS = (0, 1, 2)
FLOAT = "fp32"


def ablate(
    recipe: str | Path,
    out: str | Path,
    *,
    operators: Sequence[str] = OPERATORS,
    orders: Sequence[str] = ORDERS,
    seeds: Sequence[int] = SEEDS,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
) -> tuple[AblationRun, ...]:
    """Trains what is missing of a grid and writes `ablation.json`, `ablation.md` and `ablation.svg` into `out`.

    Run folders are kept under `out/runs`: what was interrupted goes on from its last checkpoint, what is finished is
    not trained again. Operators without a quantized form are trained in floating point only. The files are written anew
    after every run and hold the finished ones, those of earlier calls too.

    Raises a CodesignError if a setting is wrong, or if `out` holds runs of another recipe.
    """
    out = Path(out)
    grid = [_recipe(recipe, overrides, *choice) for choice in product(seeds, operators, orders)]
    _claim(out, load_recipe(recipe, overrides))
    file = out / "ablation.json"
    finished = {_place(run): run for run in (load_ablation(file) if file.is_file() else ())}
    for done, one in enumerate(grid):
        progress("ablate", done, len(grid))
        finished.update((_place(run), run) for run in _train(one, out / "runs", progress))
        runs = tuple(run for _, run in sorted(finished.items()))
        write_text(file, json.dumps({"runs": [_row(run) for run in runs]}, indent=1) + "\n")
        write_ablation(runs, out)
    progress("ablate", len(grid), len(grid))
    return tuple(run for _, run in sorted(finished.items()))


def _claim(out: Path, recipe: Recipe) -> None:
    """Make sure that `out` is new, or that it holds runs of this very recipe."""
    saved = out / "recipe.yaml"
    if not saved.is_file():
        save_recipe(recipe, saved)
    elif load_recipe(saved) != recipe:
        raise CheckpointError("holds runs of another recipe", where=str(out), remedy="choose another folder")


def _recipe(recipe: str | Path, overrides: Sequence[str], seed: int, operator: str, order: str) -> Recipe:
    if operator not in OPERATORS:
        raise RecipeError(f"unknown operator '{operator}'", remedy=f"known: {', '.join(OPERATORS)}")
    settings = [*overrides, f"seed={seed}", f"model.decoder.operator={operator}", f"model.decoder.order={order}"]
    if operator_form(operator).float_only:
        settings.append("training.quantized_phase=null")
    return load_recipe(recipe, settings)


def _codenet(recipe: Recipe) -> Model:
    """The network of a recipe whose decoder could be set."""
    assert isinstance(recipe.model, Model)
    return recipe.model


def _train(recipe: Recipe, folder: Path, progress: Progress) -> Iterator[AblationRun]:
    from codesign.api.train import train

    decoder, widths = _codenet(recipe).decoder, recipe.quantization
    run = folder / f"{decoder.operator}-{decoder.order}-{recipe.seed}"
    result = train(recipe, run, resume=(run / "recipe.yaml").is_file(), progress=progress)
    identity = (decoder.operator, decoder.order)
    other = _other_sampling(recipe, run)
    assert result.float_ap50 is not None and result.float_ap is not None
    yield AblationRun(*identity, FLOAT, recipe.seed, result.float_ap50, result.float_ap, other)
    if result.ap50 is not None and result.ap is not None:
        precision = f"w{widths.weight_bits}a{widths.activation_bits}"
        yield AblationRun(*identity, precision, recipe.seed, result.ap50, result.ap)


def _other_sampling(recipe: Recipe, run: Path) -> float | None:
    """AP50 of the floating-point network with its dilations rounded instead of fractional, or the other way round."""
    from codesign.data.dataset import validation_set
    from codesign.data.precision import Precision
    from codesign.training.metrics import evaluate_network
    from codesign.training.run import load_float_run

    operator = _codenet(recipe).float_operator(recipe.training)
    if not operator.startswith("square"):
        return None
    integer = operator.startswith("square-integer")
    other = operator.replace("square-integer", "square") if integer else operator.replace("square", "square-integer")
    settings = [f"model.decoder.operator={other}", "training.quantized_phase=null", "training.fractional_first=false"]
    changed, network = load_float_run(run, settings)
    precision: Precision = evaluate_network(network, changed, validation_set(recipe))
    return round(precision.ap50, 4)


def _place(run: AblationRun) -> tuple[object, ...]:
    return run.precision, run.order, OPERATORS.index(run.operator), run.seed


def _row(run: AblationRun) -> dict[str, object]:
    return {key: value for key, value in asdict(run).items() if value is not None}
