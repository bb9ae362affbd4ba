"""The HTML report: one page without scripts, fonts or anything else from a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from codesign.files import write_text
from codesign.graph.op import op_class
from codesign.reporting.comparison import Comparison, Figure, Pair
from codesign.reporting.histograms import Layer
from codesign.reporting.pictures import Picture
from codesign.reporting.plots import bars, efficiency_gap, roofline, waterline
from codesign.reporting.rails import Row, rows, width
from codesign.reporting.summary import Cases, Coverage, Resources, Summary, Tensor, Unit
from codesign.reporting.tables import shorten
from codesign.reporting.terminal import (
    REUSE_HEADINGS,
    activity_line,
    engineering,
    plain,
    reuse_rows,
    two_digits,
)
from codesign.reporting.vendor import HEADINGS, vendor_rows
from codesign.reporting.zones import zone_lines
from codesign.reporting.zones_picture import zone_pictures
from codesign.tasks import figures
from codesign.version import VERSION

RAIL = 14
"""Pixels between two rails."""

STAGE_NAMES = {
    "brevitas": "Brevitas modules in PyTorch",
    "qonnx": "QONNX executor",
    "litert": "LiteRT reference kernels",
    "onnxruntime": "ONNX Runtime",
    "graph": "integer graph, imported anew",
    "hls": "hls4ml project, compiled",
    "blocks": "SystemVerilog, block by block",
    "rtl": "SystemVerilog, simulated",
    "netlist": "Yosys' netlists, simulated",
    "vitis": "Vitis HLS' Verilog, simulated",
    "tail": "host's share, against the file",
}

ENERGY_NAMES = {
    "arithmetic": "arithmetic",
    "memory": "on-chip memory",
    "ddr": "external memory",
    "processor": "processor, feeding frames",
    "clock": "clock",
    "static": "static, and the board",
}
BOX, GAP = 36, 20
"""Heights of a unit and of an edge in the architecture."""


@dataclass(frozen=True)
class Extras:
    """What the page shows besides the report's own figures."""

    layers: tuple[Layer, ...] = ()
    pictures: tuple[Picture, ...] = ()


def write_page(summary: Summary, extras: Extras, path: Path) -> None:
    """Writes the page to `path`."""
    parts = summary.units
    laid = rows(parts, summary.input.name)
    plots = (roofline(summary), waterline(summary), efficiency_gap(summary))
    text = (
        environment()
        .get_template("page.html.j2")
        .render(
            summary=summary,
            tiles=_tiles(summary),
            gauges=_gauges(summary),
            vendor=vendor_rows(summary),
            vendor_headings=HEADINGS,
            stage_names=STAGE_NAMES,
            coverage=_coverage(summary),
            pictures=[_picture(picture) for picture in extras.pictures],
            metrics=_metrics(summary),
            zones=zone_pictures(summary),
            zone_lines=zone_lines(summary),
            rows=[_row(row, summary, parts) for row in laid],
            source_edge=summary.input.label,
            rail_count=width(laid),
            plots=[plot for plot in plots if plot],
            reuse=reuse_rows(summary),
            reuse_headings=REUSE_HEADINGS,
            layers=[_layer(layer) for layer in extras.layers],
            energies=_energies(summary),
            activity=activity_line(summary.activity) if summary.activity else "",
            version=VERSION,
        )
    )
    write_text(path, text)


def write_comparison(found: Comparison, path: Path) -> None:
    """Writes the page of two designs side by side to `path`."""
    totals = [figure for figure in found.totals if figure.a is not None or figure.b is not None]
    text = (
        environment()
        .get_template("compare.html.j2")
        .render(
            found=found,
            totals=[_versus(figure, [figure]) for figure in totals],
            metrics=[figure.name for figure in found.blocks[0].figures] if found.blocks else [],
            blocks=[_compared(pair, found.blocks) for pair in found.blocks if pair.differs],
            same=sum(not pair.differs for pair in found.blocks),
            version=VERSION,
        )
    )
    write_text(path, text)


def _compared(pair: Pair, pairs: Sequence[Pair]) -> dict[str, Any]:
    columns = zip(pair.figures, zip(*(p.figures for p in pairs), strict=True), strict=True)
    return {"block": pair.block, "operator": pair.operator, "figures": [_versus(f, column) for f, column in columns]}


def _versus(figure: Figure, scale: Sequence[Figure]) -> dict[str, Any]:
    """Two bars, the longest of `scale` full."""
    most = max((value for other in scale for value in (other.a, other.b) if value is not None), default=0) or 1
    bars = [
        {"side": side, "text": plain(value), "percent": round(100 * (value or 0) / most, 1)}
        for side, value in (("a", figure.a), ("b", figure.b))
    ]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return {"name": figure.name, "bars": bars, "ratio": ratio, "verdict": figure.verdict}


def environment() -> Environment:
    """The templates of this package; a name that they are not given is an error."""
    found = Environment(
        loader=PackageLoader("codesign.reporting"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"edge": _edge, "shortened": lambda name: shorten(name, 40)}
    return found


def _edge(label: str) -> Markup:
    """A stream's label with its shape apart from its width in bits."""
    shape, bits = label.split(" ")
    return Markup("<b>{}</b> {}").format(shape.replace("x", "×"), bits)  # noqa: RUF001


def _tiles(summary: Summary) -> list[dict[str, str]]:
    totals = summary.totals
    tiles = [
        _tile("Frame rate", f"{totals.frames_per_s:,.0f}", "frames/s", f"{totals.interval_cycles:,} cycles a frame"),
        _tile("Latency", f"{totals.latency_ms:.2f}", "ms", f"{totals.latency_cycles:,} cycles"),
        _tile("Work", engineering(totals.macs), "MACs/frame", f"{engineering(totals.parameters)} parameters"),
    ]
    if summary.accuracy:
        tiles.append(_accuracy(figures(summary.accuracy)))
    if totals.energy_incremental:
        span = f"{two_digits(totals.energy_incremental.low_uj)} to {two_digits(totals.energy_incremental.high_uj)}"
        if totals.energy_board:
            board = f"{two_digits(totals.energy_board.low_uj)} to {two_digits(totals.energy_board.high_uj)}"
            tiles.append(_tile("Board energy", board, "µJ/frame", f"work adds {span} µJ"))
        else:
            tiles.append(_tile("Work's energy", span, "µJ/frame", "the board was never measured"))
    return tiles


def _accuracy(measured: str) -> dict[str, str]:
    """From text such as `AP50 0.512, AP 0.301`: the first figure large, the others beside it."""
    first, *others = measured.split(", ")
    label, figure = first.rsplit(" ", 1)
    return _tile(label[0].upper() + label[1:], figure, "", ", ".join([*others, "validation set"]))


def _tile(label: str, figure: str, unit: str, note: str) -> dict[str, str]:
    return {"label": label, "figure": figure, "unit": unit, "note": note}


def _gauges(summary: Summary) -> list[dict[str, Any]]:
    found = []
    for name in Resources.model_fields:
        used, held = getattr(summary.totals.resources, name), getattr(summary.target.resources, name)
        budget = getattr(summary.target.budget, name)
        share = used / held if held else 0.0
        found.append(
            {
                "name": name.upper(),
                "used": f"{used:,g}",
                "error": f"± {error:,.0f}" if (error := summary.totals.error_bars.of(name)) else "",
                "held": f"{held:,g}",
                "percent": f"{share:.1%}",
                "fill": round(400 * min(share, 1)),
                "mark": round(400 * budget / held) if held else 400,
                "level": "over" if used > budget else "high" if used > 0.9 * budget else "",
            }
        )
    return found


def _picture(picture: Picture) -> dict[str, Any]:
    font = min(picture.width, picture.height) / 13
    taken: list[tuple[float, float]] = []
    boxes = []
    for box in picture.boxes:
        x = min(max(box.x, 1), picture.width - 0.55 * font * len(box.label))
        y = max(box.y - font / 4, font)
        while any(abs(x - other_x) < 4 * font and abs(y - other_y) < font for other_x, other_y in taken):
            y += font
        taken.append((x, y))
        boxes.append({**vars(box), "text_x": x, "text_y": y})
    return {"png": picture.png, "width": picture.width, "height": picture.height, "font": font, "boxes": boxes}


def _layer(layer: Layer) -> dict[str, Any]:
    parent, dot, leaf = layer.unit.rpartition(".")
    parts = [("weights", layer.weights), ("activations", layer.activations)]
    return {
        "name": layer.unit,
        "parent": parent + dot,
        "leaf": leaf,
        "kind": op_class(layer.operator).category,
        "parts": [
            {
                "what": what,
                "path": bars(histogram),
                "range": f"{histogram.lo:,} … {histogram.hi:,}",
                "bits": histogram.bits,
                "note": f"{histogram.zeros:.0%} zero, {histogram.ends:.1%} at the ends",
            }
            for what, histogram in parts
            if histogram
        ],
    }


def _coverage(summary: Summary) -> list[dict[str, Any]]:
    """By tensor, what a verification has reached; nothing where none has said."""
    found = summary.verification.coverage if summary.verification else {}
    return [
        {
            "tensor": tensor,
            "span": _span(covered.span),
            "images": _span(covered.images),
            "blocks": _span(covered.blocks),
            "whole": _ends_reached(covered),
            "bits": f"{covered.bits_images} → {covered.bits_blocks} of {covered.bits}",
            "full": covered.bits in (covered.bits_images, covered.bits_blocks) or _ends_reached(covered),
            "cases": [_cases(cases) for cases in covered.cases],
        }
        for tensor, covered in found.items()
    ]


def _ends_reached(covered: Coverage) -> bool:
    """Both ends of all values that inputs can bring about."""
    ends = zip(covered.reachable, covered.images, covered.blocks, strict=True)
    return all(end in (image, block) for end, image, block in ends)


def _span(span: tuple[int, int]) -> str:
    return f"{span[0]:,} … {span[1]:,}"


def _cases(cases: Cases) -> dict[str, Any]:
    """Green where all were seen, orange where some were not, grey where there is nothing to see."""
    level = "missing" if cases.missing else "covered" if cases.of else "unreachable"
    seen = f"{cases.of - cases.missing:,} of {cases.of:,}" if cases.of else "none"
    more = f", {cases.unreachable:,} unreachable" if cases.unreachable else ""
    return {"what": cases.what, "level": level, "seen": seen, "more": more, "images": f"{cases.images:,} with images"}


def _energies(summary: Summary) -> list[dict[str, str | float]]:
    """What takes a frame's energy, largest first; the part of a waiting board is not work."""
    frame = summary.totals.energy
    if frame is None:
        return []
    parts = {name: getattr(frame, name) for name in ENERGY_NAMES if getattr(frame, name) is not None}
    most = max(part.high_uj for name, part in parts.items() if name not in ("static", "clock")) or 1
    found: list[dict[str, str | float]] = []
    for name, part in parts.items():
        waiting = name in ("static", "clock")
        found.append(
            {
                "name": ENERGY_NAMES[name],
                "span": f"{two_digits(part.low_uj)} to {two_digits(part.high_uj)}",
                "low": round(min(100 * part.low_uj / most, 100), 1),
                "width": round(min(100 * part.high_uj / most, 100) - min(100 * part.low_uj / most, 100), 1),
                "waiting": waiting,
            }
        )
    return found


def _metrics(summary: Summary) -> list[str]:
    energy = ["energy, nJ"] if summary.totals.energy else []
    return ["cycles", "LUT", "DSP", "BRAM36", *energy]


def _row(row: Row, summary: Summary, parts: Sequence[Unit]) -> dict[str, Any]:
    unit = row.unit
    parent, dot, leaf = unit.name.rpartition(".")
    return {
        "parent": parent + dot,
        "leaf": leaf,
        "short": shorten(unit.name, 40),
        "operator": unit.operator,
        "kind": op_class(unit.operator).category,
        "edge": unit.outputs[0].label,
        "edges": [_stream(output, summary.outputs) for output in unit.outputs],
        "folding": unit.folding.replace("x", "×"),  # noqa: RUF001
        "slowest": any(block.name == summary.totals.bottleneck for block in unit.blocks),
        "title": _title(unit),
        "path": _path(row, 50, 100),
        "graph_path": _path(row, BOX / 2, BOX + GAP),
        "x": RAIL * row.rail + RAIL // 2,
        "bars": _bars(unit, parts),
    }


def _stream(tensor: Tensor, ends: Sequence[str]) -> str:
    """An edge of the architecture; one that leaves the network says so."""
    label = tensor.label.replace("x", "×")  # noqa: RUF001
    return f"→ output {label}" if tensor.name in ends else f"↓ {label}"


def _title(unit: Unit) -> str:
    macs = f"{engineering(unit.macs)} MACs, " if unit.macs else ""
    title = unit.outputs[0].title
    name = f"{unit.name} ({shorten(title, 80)} in the file)" if title else unit.name
    held, bars = unit.resources, unit.error_bars
    area = f"{held.lut:,} ± {bars.lut.half_width:,.0f} LUT, {held.ff:,} ± {bars.ff.half_width:,.0f} FF"
    return f"{name}: {macs}latency {unit.latency_us:.2f} µs, {area}"


def _path(row: Row, middle: float, height: float) -> str:
    """The rails of one row as an SVG path, its unit at `middle` of `height`."""

    def x(rail: int) -> int:
        return RAIL * rail + RAIL // 2

    node, bow = x(row.rail), 0.3 * height
    lines = [f"M{x(rail)} 0V{height:g}" for rail in row.passing]
    bends = [(x(rail), 0.0, node, middle) for rail in row.entering]
    bends += [(node, middle, x(rail), height) for rail in row.leaving]
    for a, top, b, end in bends:
        reach = min(bow, end - top)
        lines.append(f"M{a} {top:g}C{a} {top + reach:g} {b} {end - reach:g} {b} {end:g}")
    return "".join(lines)


def _bars(unit: Unit, parts: Sequence[Unit]) -> list[dict[str, Any]]:
    def values(part: Unit) -> list[float]:
        held = part.resources
        energy = [1e3 * part.energy.work.middle_uj] if part.energy else []
        return [part.interval_cycles, held.lut, held.dsp, held.bram36, *energy]

    largest = [max(column) for column in zip(*(values(part) for part in parts), strict=True)]
    texts = [
        f"{unit.interval_cycles:,}",
        f"{unit.resources.lut:,}",
        f"{unit.resources.dsp}",
        f"{unit.resources.bram36:g}",
    ]
    texts += [two_digits(1e3 * unit.energy.work.middle_uj)] if unit.energy else []
    return [
        {"text": text if value else "", "percent": round(100 * value / most, 1) if most else 0}
        for text, value, most in zip(texts, values(unit), largest, strict=True)
    ]
