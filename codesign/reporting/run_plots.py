"""Plots of a training: losses, figures and rates by epoch, and precision by recall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from codesign.reporting.plots import Axes, Plot, log_ticks, ticks
from codesign.tasks import LABELS
from codesign.tasks.base import ClassFigures
from codesign.training.history import TOTAL, Epoch

COLOURS = 6
"""Kinds of lines that the page's style knows: line-0, line-1 ..."""


@dataclass(frozen=True)
class Lines:
    """A plot with a legend: names of its lines, the n-th being of the style `line-n`."""

    plot: Plot
    legend: tuple[str, ...]


def losses(history: Sequence[Epoch]) -> Lines | None:
    """The loss and its parts."""
    return _by_epoch(history, lambda epoch: epoch.loss, "Loss, mean of each epoch", "loss", log=True)


def measured(history: Sequence[Epoch]) -> Lines | None:
    """What was measured on the validation set."""

    def named(epoch: Epoch) -> dict[str, float]:
        return {LABELS.get(name, name): value for name, value in epoch.measured.items()}

    return _by_epoch(history, named, "Validation set", "figure", span=(0.0, 1.0))


def rates(history: Sequence[Epoch]) -> Lines | None:
    """The learning rate, in thousandths, since ticks have little room."""
    return _by_epoch(
        history, lambda epoch: {"rate": 1e3 * epoch.learning_rate}, "Learning rate, in thousandths", "rate"
    )


def precision(figures: ClassFigures) -> Plot | None:
    """Precision, upwards, at every recall, of one class; none where there is no object of it."""
    if not figures.precision:
        return None
    axes = Axes((0, 1), (0, 1.02))
    shares = (0, 0.5, 1)
    axes.ticks_x(shares, ["", "50%", "100%"])  # 0% stands at the other axis
    axes.ticks_y(shares, [f"{share:.0%}" for share in shares])
    last = len(figures.precision) - 1
    points = [(index / last, value) for index, value in enumerate(figures.precision)]
    axes.path(points, "line line-0", f"{figures.name}: precision at every recall")
    label = f"{figures.name}: {figures.objects:,} objects, " + ", ".join(
        f"{name} {value:.3f}" for name, value in figures.figures.items() if value is not None
    )
    return Plot(label, "", "", tuple(axes.shapes))


def _by_epoch(
    history: Sequence[Epoch],
    values: Callable[[Epoch], Mapping[str, float]],
    label: str,
    unit: str,
    *,
    log: bool = False,
    span: tuple[float, float] | None = None,
) -> Lines | None:
    """A line a name, over the epochs of both phases one after another; a rule stands between the phases."""
    places = list(enumerate(history, start=1))
    names = list(dict.fromkeys(name for _, epoch in places for name in values(epoch)))[:COLOURS]
    found = [value for _, epoch in places for name, value in values(epoch).items() if name in names]
    if not found or (log and not any(value > 0 for value in found)):
        return None
    axes = Axes((0.5, len(places) + 0.5), span or _span(found, log), log_y=log)
    marks = (log_ticks if log else ticks)(axes.y)
    axes.ticks_y(marks, [f"{mark:.3g}" for mark in marks])
    steps = [mark for mark in ticks(axes.x) if mark >= 1 and mark == int(mark)]
    axes.ticks_x(steps, [f"{mark:g}" for mark in steps])
    for place, (before, after) in enumerate(pairwise(history), start=1):
        if before.phase != after.phase:
            axes.line((place + 0.5, axes.y[0]), (place + 0.5, axes.y[1]), "change", "quantized from here on")
    for number, name in enumerate(names):
        line = [(place, values(epoch)[name]) for place, epoch in places if name in values(epoch)]
        shown = [(place, value) for place, value in line if not log or value > 0]
        if shown:
            axes.path(shown, f"line line-{number}", f"{name}: last {shown[-1][1]:.4g}")
    return Lines(Plot(label, "epoch", unit, tuple(axes.shapes)), tuple(_legend(name) for name in names))


def _span(values: Sequence[float], log: bool) -> tuple[float, float]:
    if log:
        positive = [value for value in values if value > 0]
        return min(positive) / 1.15, max(positive) * 1.15
    return 0.0, max(values) * 1.05 or 1.0


def _legend(name: str) -> str:
    return "all" if name == TOTAL else name
