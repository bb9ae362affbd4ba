"""`codesign search`: variants of a recipe that no other beats on a target."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from codesign.api.tune import untrained_graph
from codesign.files import new_folder, write_bytes, write_text
from codesign.progress import Progress, silent
from codesign.recipe import Recipe, load_recipe, save_recipe
from codesign.targets import load_target
from codesign.tasks import LABELS
from codesign.tuning.search import Candidate, candidates, opened, refusals, run_trial
from codesign.tuning.space import Space, variant

SCHEMA = 1
MEASURED = {"detection": "ap50", "classification": "accuracy"}
"""What quality is of a trained network, by its task: a field of its result."""

RESULT, PLOT, RECIPES, RUNS = "search.json", "pareto.png", "pareto", "runs"


@dataclass(frozen=True)
class Search:
    """All candidates of a search so far, of whichever process; refused: by trial, why it does not fit."""

    recipe: str
    target: str
    quality: str
    candidates: tuple[Candidate, ...]
    refused: dict[int, str]

    @property
    def best(self) -> tuple[Candidate, ...]:
        """Those that no other beats, fastest first."""
        return tuple(sorted((c for c in self.candidates if c.best), key=lambda c: c.figures.latency_ms))


def search(
    recipe: str | Path | Recipe,
    out: Path,
    *,
    target: str | Path = "pynq-z2",
    trials: int = 50,
    space: Space | None = None,
    train: bool = False,
    overrides: Sequence[str] = (),
    storage: str | None = None,
    progress: Progress = silent,
) -> Search:
    """Adds `trials` to the search in the folder `out`, and writes what is known there then.

    Any number of processes may do so at once. storage: URL of a database that has the trials, for machines that share
    no folder; the study there is called as the folder is. `search.json`: all candidates; `pareto.png`; `pareto/N.yaml`:
    the recipe of every one that no other beats, to be trained or exported. train: train every variant as its recipe
    says, into `runs/N`, so that quality is its accuracy; else it is its bit operations. progress: called with
    ("trials", done, in all). Raises RecipeError if nothing is left to search or `out` holds another search, ToolError
    without Optuna or its database.
    """
    found = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides)
    board, folder = load_target(target), Path(out)
    choices = (space or Space()).choices(found)
    study = opened(folder, found, board, choices, train, storage)
    quality = _trained(folder / RUNS, progress) if train else None
    for done in range(trials):
        progress("trials", done, trials)
        run_trial(study, found, board, choices, untrained_graph, quality)
    progress("trials", trials, trials)
    name = LABELS[MEASURED[found.task]] if train else "10^9 bit operations"
    result = Search(found.name, board.name, name, candidates(study), refusals(study))
    _write(result, found, folder)
    return result


def _write(result: Search, recipe: Recipe, folder: Path) -> None:
    text = {"schema": SCHEMA, **asdict(result)}
    write_text(folder / RESULT, json.dumps(text, indent=1) + "\n")
    with new_folder(folder / RECIPES) as recipes:
        for candidate in result.best:
            save_recipe(variant(recipe, candidate.choice), recipes / f"{candidate.number}.yaml")
    if result.candidates:
        from codesign.reporting import pareto

        title = f"{result.recipe} on {result.target}"
        write_bytes(folder / PLOT, pareto.png(result.candidates, title, result.quality))


def _trained(runs: Path, progress: Progress) -> Callable[[Recipe, int], float]:
    """A function that trains a recipe and returns its accuracy; a training that was begun goes on."""

    def accuracy(recipe: Recipe, number: int) -> float:
        from codesign.api.train import train

        result = train(recipe, runs / str(number), progress=progress)
        found: float | None = getattr(result, MEASURED[recipe.task])
        assert found is not None
        return found

    return accuracy
