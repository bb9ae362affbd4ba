"""Search of a recipe's variants for those that no other beats: latency, energy, size, accuracy or what stands for it.

Trials lie in a journal file, or in a database, to which any number of processes may add at once; a search that was
interrupted goes on.

Without training, `bit_operations` stands for accuracy: multiplications of a frame, each times the bits of both its
factors. It is what a network can compute, no measure of what it has learned: of two variants that are close, training
may well prefer the one that has fewer.
"""

from __future__ import annotations

import json
import random
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesign.design import design_of
from codesign.errors import RecipeError, ScheduleError, ToolError
from codesign.graph import Graph
from codesign.graph.op import weight_bits
from codesign.recipe import Recipe
from codesign.schedule import schedule
from codesign.targets import Target
from codesign.tuning.group_size import frame_energy
from codesign.tuning.space import Choice, Value, variant

if TYPE_CHECKING:
    import optuna

JOURNAL = "trials.journal"
STUDY = "search"
DIRECTIONS = {"quality": "maximize", "latency_ms": "minimize", "energy_uj": "minimize", "size_kib": "minimize"}
FACTS = "about"
CONNECTIONS = 8
"""Times that a database is asked whose tables others are making."""


@dataclass(frozen=True)
class Figures:
    """What a variant costs on a target, of its fastest hardware there.

    quality: the task's accuracy where it was trained, else its bit operations, in 10^9. energy_uj: of a frame, the
    middle of its range, whose ends are energy_low_uj and energy_high_uj. size_kib: of all weights.
    """

    quality: float
    latency_ms: float
    energy_uj: float
    size_kib: float
    frames_per_s: float
    energy_low_uj: float
    energy_high_uj: float

    @property
    def objectives(self) -> tuple[float, ...]:
        return tuple(getattr(self, name) for name in DIRECTIONS)


@dataclass(frozen=True)
class Candidate:
    """A trial that fits. best: no other is better in one objective and worse in none."""

    number: int
    choice: Choice
    figures: Figures
    best: bool


Quality = Callable[[Recipe, int], float]
"""Accuracy of a recipe, trained as the trial of that number."""


def measure(recipe: Recipe, graph: Graph, target: Target) -> Figures:
    """The figures of an untrained network. Raises ScheduleError if it does not fit, or no energies are known."""
    plan = schedule(graph, target, streaming=True)
    energy = frame_energy(design_of(graph, target, plan))
    total = energy.work + energy.clock
    operations = size_bits = 0
    for node in graph.nodes:
        inputs = graph.input_types(node)
        bits = weight_bits(node.op)
        operations += node.op.macs(*inputs) * inputs[0].bits * bits
        size_bits += node.op.parameters() * bits
    return Figures(
        quality=operations / 1e9,
        latency_ms=plan.latency_cycles / plan.clock_mhz / 1e3,
        energy_uj=total.middle_uj,
        size_kib=size_bits / 8 / 1024,
        frames_per_s=plan.frames_per_second,
        energy_low_uj=total.low_uj,
        energy_high_uj=total.high_uj,
    )


def opened(
    folder: Path,
    recipe: Recipe,
    target: Target,
    choices: Mapping[str, tuple[Value, ...]],
    trained: bool,
    storage: str | None = None,
) -> optuna.Study:
    """The study in `folder`, or that of the folder's name in the database at the URL `storage`; made if there is none.

    Raises RecipeError if it is one of something else, ToolError without Optuna or where the database is not reached.
    """
    try:
        import optuna
    except ImportError:
        raise ToolError("Optuna is not installed", remedy="pip install 'codesign[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    database = _database(storage) if storage else None
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():  # its option for parallel trials may change its interface
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(constant_liar=True)
    study = optuna.create_study(
        study_name=folder.resolve().name if storage else STUDY,
        storage=database or _journal(folder),
        sampler=sampler,
        directions=list(DIRECTIONS.values()),
        load_if_exists=True,
    )
    facts: dict[str, Any] = {"recipe": recipe.model_dump(mode="json"), "target": target.model_dump(mode="json")}
    facts |= {"choices": {name: list(values) for name, values in choices.items()}, "trained": trained}
    about = json.loads(json.dumps(facts))
    known = study.user_attrs.get(FACTS)
    if known is None:
        study.set_user_attr(FACTS, about)
    elif known != about:
        differing = ", ".join(key for key in about if about[key] != known.get(key))
        raise RecipeError(
            f"holds a search of another {differing}",
            where=f"study '{study.study_name}' of the database" if storage else str(folder),
            remedy="give a folder of its own, after whose name the study is called"
            if storage
            else "give a folder of its own",
        )
    return study


def _journal(folder: Path) -> optuna.storages.BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(folder / JOURNAL)))


def _database(url: str) -> optuna.storages.BaseStorage:
    """The storage at that URL. Passwords in it are not told."""
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    remedy = "give e.g. postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite:///FILE"
    try:
        return _connected(url)
    except (ArgumentError, NoSuchModuleError):
        raise ToolError("is no URL of a database", where="--storage", remedy=remedy) from None
    except ImportError as error:
        module = error.name or "a module"
        raise ToolError(
            f"the database needs {module}, which is not installed", where="--storage", remedy=f"pip install {module}"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise ToolError(f"the database cannot be used ({reason[:200]})", where="--storage", remedy=remedy) from None


def _connected(url: str) -> optuna.storages.BaseStorage:
    """Connections that broke while a trial took its time are made anew.

    Of several that make the tables at once, all but one fail, and find them there.
    """
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    for left in reversed(range(CONNECTIONS)):
        try:
            return RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
        except (IntegrityError, OperationalError, ProgrammingError) as error:
            if not left or "exist" not in str(error.orig):
                raise
            time.sleep(random.uniform(0.2, 1))
    raise AssertionError


def run_trial(
    study: optuna.Study,
    recipe: Recipe,
    target: Target,
    choices: Mapping[str, tuple[Value, ...]],
    build: Callable[[Recipe], Graph],
    quality: Quality | None,
) -> None:
    """One more trial.

    A choice that was tried already has its figures at once; one that does not fit is noted as such.
    """
    trial = study.ask()
    choice = {name: trial.suggest_categorical(name, list(values)) for name, values in choices.items()}
    known = next((figures for _, tried, figures in _fitting(study) if tried == choice), None)
    try:
        figures = known or _figures(variant(recipe, choice), target, build, quality, trial.number)
    except (ScheduleError, RecipeError) as error:
        trial.set_user_attr("refused", str(error))
        study.tell(trial, state=_states().PRUNED)
        return
    except BaseException:
        study.tell(trial, state=_states().FAIL)
        raise
    trial.set_user_attr("figures", asdict(figures))
    study.tell(trial, figures.objectives)


def _figures(
    recipe: Recipe, target: Target, build: Callable[[Recipe], Graph], quality: Quality | None, number: int
) -> Figures:
    found = measure(recipe, build(recipe), target)
    if quality is None:
        return found
    return Figures(**asdict(found) | {"quality": quality(recipe, number)})


def candidates(study: optuna.Study) -> tuple[Candidate, ...]:
    """All trials that fit, each choice once, in the order in which they were made."""
    everything = _fitting(study)
    return tuple(
        Candidate(number, choice, figures, not any(_beats(other, figures) for _, _, other in everything))
        for number, choice, figures in everything
    )


def _fitting(study: optuna.Study) -> list[tuple[int, Choice, Figures]]:
    """Number, choice and figures of the trials that fit, the first of each choice."""
    found: dict[str, tuple[int, Choice, Figures]] = {}
    for trial in study.get_trials(deepcopy=False, states=(_states().COMPLETE,)):
        figures = Figures(**{f.name: trial.user_attrs["figures"][f.name] for f in fields(Figures)})
        found.setdefault(repr(sorted(trial.params.items())), (trial.number, dict(trial.params), figures))
    return list(found.values())


def refusals(study: optuna.Study) -> dict[int, str]:
    """By trial, why it was refused."""
    trials = study.get_trials(deepcopy=False, states=(_states().PRUNED,))
    return {trial.number: trial.user_attrs["refused"] for trial in trials}


def _beats(one: Figures, other: Figures) -> bool:
    """Whether `one` is better in an objective and worse in none."""
    signs = [-1 if direction == "maximize" else 1 for direction in DIRECTIONS.values()]
    gains = [sign * (b - a) for sign, a, b in zip(signs, one.objectives, other.objectives, strict=True)]
    return min(gains) >= 0 and max(gains) > 0


def _states() -> Any:
    from optuna.trial import TrialState

    return TrialState
