"""`codesign new detector|classifier`: from a folder of pictures to a recipe that suits it and a board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codesign.errors import BuildError, ScheduleError
from codesign.files import write_text
from codesign.progress import Progress, silent
from codesign.recipe import Data, Recipe, load_recipe, parse_recipe
from codesign.targets import load_target

if TYPE_CHECKING:
    from codesign.data.check import Checked
    from codesign.scaffold.proposal import Facts, Proposal
    from codesign.scaffold.recipe_text import About
    from codesign.schedule import Schedule

TASKS = {"detector": "detection", "classifier": "classification"}
"""What can be begun, and its task."""
PAGE_SUFFIX = ".html"


@dataclass(frozen=True)
class Begun:
    """recipe: the file; page: that of the samples. report: lines that say what was found, worst first.

    chosen: which network, and why. frames_per_second: on the target, by the cost model.
    """

    recipe: Path
    page: Path
    report: tuple[str, ...]
    chosen: str
    frames_per_second: float


def begin(
    what: str,
    data: str | Path,
    out: str | Path | None = None,
    *,
    target: str | Path = "pynq-z2",
    fps: float | None = None,
    progress: Progress = silent,
) -> Begun:
    """Looks through a folder of pictures and writes a commented recipe for it, and a page of samples beside it.

    what: detector or classifier. out: the recipe's file, by default the folder's name in the current folder; one that
    is there is not written over. The network is the first of `codesign.scaffold.proposal` that fits the target and, if
    `fps` is given, reaches that rate there, by the cost model.

    Raises DataError, whose details list all that is refused; ScheduleError if no network fits.
    """
    from codesign.data.findings import told
    from codesign.reporting.samples import write_samples
    from codesign.scaffold.proposal import learning
    from codesign.scaffold.recipe_text import recipe_text, slug

    task, folder = TASKS[what], Path(data)
    title = folder.resolve().name if folder.is_dir() else folder.resolve().parent.name
    recipe = Path(out) if out else Path(f"{slug(title)}.yaml")
    page = recipe.with_suffix(PAGE_SUFFIX)
    if recipe.exists():
        raise BuildError("is there already", where=str(recipe), remedy="name another file with --out")
    load_target(target)
    checked, clip = _looked_through(folder, task, progress)
    facts = _facts(checked, task)
    proposal, plan, refused = _fitting(facts, target, fps, progress)
    schedule = learning(facts.pictures, proposal.width)
    reason = _reason(proposal, plan, target, fps, refused)
    about = _about(checked, title, folder, clip, reason)
    write_text(recipe, recipe_text(task, about, proposal, schedule))
    load_recipe(recipe)
    write_samples(checked, title, page, told(checked.findings))
    return Begun(recipe, page, tuple(checked.report), reason, plan.frames_per_second)


def _looked_through(folder: Path, task: str, progress: Progress) -> tuple[Checked, bool]:
    """What a folder holds, and whether its boxes must be clipped: the one fault that a recipe can deal with."""
    from codesign.data.check import check
    from codesign.data.findings import OUTSIDE, refuse

    settings = Data(path=folder)
    checked = check(settings, task, progress=progress)
    clip = any(finding.kind is OUTSIDE for finding in checked.findings)
    if clip:
        checked = check(settings.model_copy(update={"boxes": "clip"}), task, progress=progress)
    refuse(checked.findings, str(folder))
    return checked, clip


def _facts(checked: Checked, task: str) -> Facts:
    from codesign.data.check import sizes
    from codesign.scaffold.proposal import Facts

    return Facts(task, len(checked.parted.trained), tuple(checked.parted.listing.classes), sizes(checked))


def _fitting(
    facts: Facts, target: str | Path, fps: float | None, progress: Progress
) -> tuple[Proposal, Schedule, list[str]]:
    """The first proposal that fits, its schedule, and what did not fit before it."""
    from codesign.api.tune import untrained_graph
    from codesign.scaffold.proposal import proposals
    from codesign.schedule import schedule

    board, candidates, refused = load_target(target), list(proposals(facts)), []
    for done, proposal in enumerate(candidates):
        progress("networks tried", done, len(candidates))
        try:
            graph = untrained_graph(_recipe(proposal, facts.task))
            plan = schedule(graph, board, fps=fps, streaming=True, lut_products=True)
        except ScheduleError as error:
            refused.append(f"{proposal.width} width at {' x '.join(map(str, proposal.image_size))} pixels")
            last = error
            continue
        progress("networks tried", len(candidates), len(candidates))
        return proposal, plan, refused
    raise last


def _recipe(proposal: Proposal, task: str) -> Recipe:
    data = {"set": "digits", "image_size": proposal.image_size}
    content = {"name": "proposal", "task": task, "data": data, "model": proposal.model}
    return parse_recipe(content, "the proposed network")


def _reason(proposal: Proposal, plan: Schedule, target: str | Path, fps: float | None, refused: list[str]) -> str:
    wanted = f" at {fps:g} frames/s" if fps else ""
    tried = f", after {', '.join(refused)} did not fit{wanted}" if refused else ""
    rate = f"{plan.frames_per_second:,.0f} frames/s predicted on {target}"
    return f"{proposal.model['kind']} of {proposal.width} width: {rate}{tried}"


def _about(checked: Checked, title: str, folder: Path, clip: bool, reason: str) -> About:
    from codesign.plugins import load
    from codesign.scaffold.recipe_text import About

    listing, parted = checked.parted.listing, checked.parted
    counts = [len(one.entry.names) for some in checked.pictures.values() for one in some]
    return About(
        title=title,
        summary=f"{len(parted.trained):,} pictures to train on, {len(parted.measured):,} to measure on, "
        f"{int(np.sum(counts)):,} objects of {len(listing.classes)} classes.",
        path=folder,
        format=listing.format,
        format_title=load("codesign.data.formats", listing.format).TITLE,
        pictures=len(parted.trained),
        drawn=not parted.names[0] and not parted.names[1],
        clip=clip,
        most_objects=max(counts),
        width_reason=reason,
    )
