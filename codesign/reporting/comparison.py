"""Two designs side by side."""

from __future__ import annotations

from typing import Literal

from codesign.reporting.summary import Energy, Record, Summary, Unit
from codesign.tasks import LABELS

Better = Literal["less", "more", ""]


class Figure(Record):
    """One figure of both designs; None where a design has none. better: which way is an improvement, if any is."""

    name: str
    a: float | None
    b: float | None
    better: Better = ""

    @property
    def ratio(self) -> float | None:
        """b / a, where there is one."""
        return self.b / self.a if self.a and self.b is not None else None

    @property
    def verdict(self) -> Literal["better", "worse", ""]:
        """What b is against a."""
        if self.a is None or self.b is None or self.a == self.b or not self.better:
            return ""
        return "better" if (self.b < self.a) == (self.better == "less") else "worse"


class Pair(Record):
    """A unit's figures in both designs, matched by name; all a's or all b's are None where only one design has it."""

    block: str
    operator: str
    figures: tuple[Figure, ...]

    @property
    def differs(self) -> bool:
        return any(figure.a != figure.b for figure in self.figures)


class Design(Record):
    """Which design it is."""

    path: str
    network: str
    target: str
    clock_mhz: float
    exact: bool | None


class Comparison(Record):
    """Both designs, their totals, and their blocks in a's order, then those that only b has."""

    format: Literal["codesign-comparison"] = "codesign-comparison"
    version: Literal[1] = 1
    a: Design
    b: Design
    totals: tuple[Figure, ...]
    blocks: tuple[Pair, ...]


def compare_summaries(a: Summary, b: Summary, paths: tuple[str, str]) -> Comparison:
    """Puts two reports side by side; `paths` are the builds they are of."""
    return Comparison(
        a=_design(a, paths[0]), b=_design(b, paths[1]), totals=_totals(a, b), blocks=_blocks(a.units, b.units)
    )


def _design(found: Summary, path: str) -> Design:
    outcome = found.verification.outcome if found.verification else None
    exact = {"exact": True, "differs": False}.get(outcome or "")  # of a part there is no verdict
    return Design(
        path=path, network=found.network, target=found.target.name, clock_mhz=found.target.clock_mhz, exact=exact
    )


def _totals(a: Summary, b: Summary) -> tuple[Figure, ...]:
    def figure(name: str, better: Better, values: tuple[float | None, float | None]) -> Figure:
        return Figure(name=name, a=values[0], b=values[1], better=better)

    both = a.totals, b.totals
    first, second = both
    boards = (first.energy_board, second.energy_board)
    work = (first.energy_incremental, second.energy_incremental)
    return (
        figure("frames/s", "more", (first.frames_per_s, second.frames_per_s)),
        figure("interval, cycles", "less", (first.interval_cycles, second.interval_cycles)),
        figure("latency, ms", "less", (first.latency_ms, second.latency_ms)),
        figure("MACs a frame", "", (first.macs, second.macs)),
        figure("parameters", "", (first.parameters, second.parameters)),
        figure("memory, bytes a frame", "less", (first.memory_bytes, second.memory_bytes)),
        figure("LUT", "less", (first.resources.lut, second.resources.lut)),
        figure("FF", "less", (first.resources.ff, second.resources.ff)),
        figure("BRAM36", "less", (first.resources.bram36, second.resources.bram36)),
        figure("DSP", "less", (first.resources.dsp, second.resources.dsp)),
        *(figure(label, "more", (_measured(a, name), _measured(b, name))) for name, label in LABELS.items()),
        figure("work's energy, uJ", "less", (_middle(work[0]), _middle(work[1]))),
        figure("board's energy, uJ", "less", (_middle(boards[0]), _middle(boards[1]))),
    )


def _measured(found: Summary, name: str) -> float | None:
    return getattr(found.accuracy, name, None)


def _middle(energy: Energy | None) -> float | None:
    """To two digits: the coefficients are no better."""
    return float(f"{energy.middle_uj:.2g}") if energy else None


def _blocks(a: tuple[Unit, ...], b: tuple[Unit, ...]) -> tuple[Pair, ...]:
    first, second = {unit.name: unit for unit in a}, {unit.name: unit for unit in b}
    return tuple(_pair(name, first.get(name), second.get(name)) for name in {**first, **second})


def _pair(name: str, a: Unit | None, b: Unit | None) -> Pair:
    known = a or b
    assert known is not None
    values = [_figures(unit) if unit else {} for unit in (a, b)]
    names = values[0] or values[1]
    figures = tuple(Figure(name=n, a=values[0].get(n), b=values[1].get(n), better="less") for n in names)
    return Pair(block=name, operator=known.operator, figures=figures)


def _figures(unit: Unit) -> dict[str, float]:
    held = unit.resources
    return {"cycles": unit.interval_cycles, "LUT": held.lut, "FF": held.ff, "BRAM36": held.bram36, "DSP": held.dsp}
