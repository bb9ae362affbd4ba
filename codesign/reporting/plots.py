"""The page's plots as inline SVG: plain shapes, coloured by the page's style, so narrow that text stays legible.

Every plot is a `Plot`: shapes in its own coordinates, and the labels of its axes. A shape's `title` is shown when the
pointer rests on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from codesign.reporting.efficiency import limit_cycles, useful_share
from codesign.reporting.histograms import Histogram
from codesign.reporting.summary import Summary, Unit

WIDTH, HEIGHT = 380, 240
LEFT, RIGHT, TOP, BOTTOM = 54, 10, 12, 36


@dataclass(frozen=True)
class Shape:
    """`tag` with attributes, and what it says when pointed at; for `text` what it shows."""

    tag: str
    attributes: dict[str, str | float]
    title: str = ""
    text: str = ""


@dataclass(frozen=True)
class Plot:
    """A plot's shapes from back to front, and what a reader who does not see it is told."""

    label: str
    x_label: str
    y_label: str
    shapes: tuple[Shape, ...]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass
class Axes:
    """Maps values to places. Logarithmic where `log` says so."""

    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool = False
    log_y: bool = False
    shapes: list[Shape] = field(default_factory=list)

    def left(self, value: float) -> float:
        return round(LEFT + _part(value, self.x, self.log_x) * (WIDTH - LEFT - RIGHT), 1)

    def top(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - _part(value, self.y, self.log_y) * (HEIGHT - TOP - BOTTOM), 1)

    def ticks_y(self, values: Sequence[float], texts: Sequence[str]) -> None:
        for value, text in zip(values, texts, strict=True):
            y = self.top(value)
            self.line((self.x[0], value), (self.x[1], value), "grid")
            self.text(LEFT - 6, y + 3.5, text, "tick end")

    def ticks_x(self, values: Sequence[float], texts: Sequence[str]) -> None:
        for value, text in zip(values, texts, strict=True):
            x = self.left(value)
            self.line((value, self.y[0]), (value, self.y[1]), "grid")
            side = "end" if x > WIDTH - RIGHT - 12 else "middle"
            self.text(x, HEIGHT - BOTTOM + 14, text, f"tick {side}")

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str, title: str = "") -> None:
        places = {"x1": self.left(start[0]), "y1": self.top(start[1]), "x2": self.left(end[0]), "y2": self.top(end[1])}
        self.shapes.append(Shape("line", {"class": kind, **places}, title))

    def dot(self, x: float, y: float, radius: float, kind: str, title: str) -> None:
        self.shapes.append(Shape("circle", {"class": kind, "cx": self.left(x), "cy": self.top(y), "r": radius}, title))

    def bar(self, x: tuple[float, float], height: float, kind: str, title: str) -> None:
        left, top, bottom = self.left(x[0]), self.top(height), self.top(self.y[0])
        size = {"width": round(max(self.left(x[1]) - left - 0.6, 0.6), 1), "height": round(max(bottom - top, 0.5), 1)}
        self.shapes.append(Shape("rect", {"class": kind, "x": left, "y": top, **size}, title))

    def path(self, points: Sequence[tuple[float, float]], kind: str, title: str = "") -> None:
        """A line through points; one point alone is a dot."""
        if len(points) == 1:
            self.dot(*points[0], 3, f"{kind} alone", title)
            return
        places = " ".join(f"{self.left(x)},{self.top(y)}" for x, y in points)
        self.shapes.append(Shape("polyline", {"class": kind, "points": places}, title))

    def text(self, x: float, y: float, text: str, kind: str) -> None:
        self.shapes.append(Shape("text", {"class": kind, "x": round(x, 1), "y": round(y, 1)}, text=text))


def roofline(summary: Summary) -> Plot | None:
    """What multipliers and external memory allow, what the design reaches, and what its layers would one by one."""
    parts = _computing(summary)
    if not parts or not summary.target.products:
        return None
    totals, clock = summary.totals, summary.target.clock_mhz * 1e6
    peak, memory = summary.target.products * clock, summary.target.memory_mb_s * 1e6
    work = multiplications(parts)
    built = work / totals.memory_bytes, work * totals.frames_per_s
    alone = [(unit, unit.multiplications / unit.bytes_alone) for unit in parts]
    knee = peak / memory
    low, high = min(knee, *(x for _, x in alone)) / 2, max(knee, built[0]) * 3
    axes = Axes((low, high), (min(built[1], peak, memory * low) / 2, peak * 2.5), log_x=True, log_y=True)
    axes.ticks_x(*_decades(axes.x, 1))
    axes.ticks_y(*_decades(axes.y, 1e9))
    axes.line((low, memory * low), (knee, peak), "roof", f"external memory: {memory / 1e6:,.0f} MB/s")
    axes.line((knee, peak), (high, peak), "roof", f"multipliers: {peak / 1e9:,.1f} G/s")
    for unit, intensity in alone:
        reach = min(peak, memory * intensity)
        text = f"{unit.name} alone: {intensity:,.1f} multiplications a byte, at most {reach / 1e9:,.2f} G/s"
        axes.dot(intensity, reach, 3.2, "alone" if intensity >= knee else "alone drowned", text)
    text = f"as built: {built[0]:,.0f} multiplications a byte, {built[1] / 1e9:,.2f} G/s"
    axes.dot(*built, 5.5, "built", f"{text}, {built[1] / peak:.0%} of what all multipliers could do")
    side = "end" if axes.left(built[0]) > WIDTH * 0.6 else "start"
    axes.text(axes.left(built[0]) + (-9 if side == "end" else 9), axes.top(built[1]) + 15, "as built", f"note {side}")
    label = f"Roofline: {built[1] / 1e9:.2f} of {peak / 1e9:.1f} G multiplications a second"
    return Plot(label, "multiplications a byte of external memory", "G multiplications a second", tuple(axes.shapes))


def waterline(summary: Summary) -> Plot | None:
    """Multiplications a byte of each layer by itself, as wide as its share of the work, over the target's waterline."""
    parts = _computing(summary)
    if not parts or not summary.target.products:
        return None
    totals = summary.totals
    line = summary.target.products * summary.target.clock_mhz / summary.target.memory_mb_s
    built = multiplications(parts) / totals.memory_bytes
    heights = [unit.multiplications / unit.bytes_alone for unit in parts]
    axes = Axes((0, 1), (min(line, *heights) / 2, max(line, built, *heights) * 2), log_y=True)
    axes.ticks_y(*_decades(axes.y, 1))
    axes.ticks_x((0, 0.5, 1), ("0", "50 %", "100 %"))
    for unit, height, span in zip(parts, heights, _spans(parts), strict=True):
        text = f"{unit.name}: {height:,.1f} multiplications a byte, {span[1] - span[0]:.1%} of the work"
        axes.bar(span, height, "bar" if height >= line else "bar drowned", text)
    axes.line((0, line), (1, line), "water", f"waterline: {line:.0f} multiplications a byte")
    axes.line((0, built), (1, built), "asbuilt", f"as built: {built:,.0f} multiplications a byte")
    axes.text(WIDTH - RIGHT - 3, axes.top(line) - 4, f"waterline {line:.0f}", "note end")
    axes.text(WIDTH - RIGHT - 3, axes.top(built) - 4, f"as built {built:,.0f}", "note end")
    drowned = sum(height < line for height in heights)
    label = f"Waterline: {drowned} of {len(parts)} layers would be bound by memory by themselves"
    return Plot(label, "share of the work, layers in order", "multiplications a byte", tuple(axes.shapes))


def efficiency_gap(summary: Summary) -> Plot | None:
    """Useful share of each layer's multipliers, as wide as its share of the work; the gap is what is missing."""
    parts = [unit for unit in _computing(summary) if unit.multipliers]
    if not parts or not summary.target.products:
        return None
    totals = summary.totals
    whole = limit_cycles(multiplications(_computing(summary)), summary.target.products) / totals.interval_cycles
    axes = Axes((0, 1), (0, 1.04))
    axes.ticks_y((0, 0.25, 0.5, 0.75, 1), ("0", "25 %", "50 %", "75 %", "100 %"))
    axes.ticks_x((0, 0.5, 1), ("0", "50 %", "100 %"))
    for unit, span in zip(parts, _spans(parts), strict=True):
        share = useful_share(unit.multiplications, unit.multipliers, totals.interval_cycles)
        text = f"{unit.name}: {unit.multipliers} multipliers, {share:.0%} of their cycles useful"
        axes.bar(span, 1, "gap", text)
        axes.bar(span, share, "bar", text)
    axes.line(
        (0, whole), (1, whole), "asbuilt", f"against {summary.target.products} multiplications a cycle: {whole:.0%}"
    )
    axes.text(WIDTH - RIGHT - 3, axes.top(whole) - 4, f"all DSPs, always: {whole:.0%}", "note end")
    label = f"Efficiency gap: the design does {whole:.0%} of what the target's multipliers could"
    return Plot(label, "share of the work, layers in order", "useful share of multipliers", tuple(axes.shapes))


def bars(histogram: Histogram) -> str:
    """A histogram as one SVG path, 100 units wide and 40 high."""
    most = max(*histogram.counts, 1)
    step = 100 / len(histogram.counts)
    found = []
    for index, count in enumerate(histogram.counts):
        if count:
            height = max(40 * count / most, 0.8)
            found.append(f"M{index * step:.2f} 40v{-height:.1f}h{step:.2f}v{height:.1f}z")
    return "".join(found)


def _computing(summary: Summary) -> list[Unit]:
    return [unit for unit in summary.units if unit.multiplications and unit.bytes_alone]


def multiplications(parts: Sequence[Unit]) -> int:
    return sum(unit.multiplications for unit in parts)


def _spans(parts: Sequence[Unit]) -> list[tuple[float, float]]:
    """Each unit's share of the work, one after another from 0 to 1."""
    whole = multiplications(parts)
    found, left = [], 0
    for unit in parts:
        found.append((left / whole, (left + unit.multiplications) / whole))
        left += unit.multiplications
    return found


def _part(value: float, span: tuple[float, float], log: bool) -> float:
    low, high = span
    part = log10(value / low) / log10(high / low) if log else (value - low) / (high - low)
    return min(max(part, 0.0), 1.0)


def ticks(span: tuple[float, float], most: int = 6) -> list[float]:
    """Round numbers inside of a span, the steps between them 1, 2 or 5 times a power of ten."""
    low, high = span
    steps = (m * 10.0**e for e in range(-12, 13) for m in (1, 2, 5))
    step = next((step for step in steps if (high - low) / step < most), high - low)
    return [round(step * n, 12) for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def log_ticks(span: tuple[float, float], most: int = 7) -> list[float]:
    """The same for a logarithmic axis: 1, 2 and 5 times powers of ten, or those alone where they are many."""
    low, high = span
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0**e for e in powers for m in factors if low <= m * 10.0**e <= high]
        if len(found) <= most:
            return found
    return found[:: ceil(len(found) / most)]


def _decades(span: tuple[float, float], unit: float) -> tuple[list[float], list[str]]:
    """Powers of ten inside of `span`, and how many `unit`s they are."""
    powers = range(ceil(log10(span[0])), floor(log10(span[1])) + 1)
    step = ceil(len(powers) / 5)
    values = [10.0**power for power in powers][::step]
    return values, [f"{value / unit:,g}" for value in values]
