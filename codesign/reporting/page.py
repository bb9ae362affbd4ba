"""The HTML report: one page without scripts, fonts or anything else from a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from codesign import __version__
from codesign.files import write_text
from codesign.reporting.pictures import Picture
from codesign.reporting.rails import Row, rows, width
from codesign.reporting.summary import Energy, Resources, Summary, Unit, units
from codesign.reporting.terminal import engineering, two_digits
from codesign.tasks import figures

RAIL = 14
"""Pixels between two rails."""

STAGE_NAMES = {
    "brevitas": "Brevitas modules in PyTorch",
    "qonnx": "QONNX executor",
    "onnxruntime": "ONNX Runtime",
    "graph": "integer graph, imported anew",
    "hls": "hls4ml project, compiled",
    "rtl": "SystemVerilog, simulated",
}
KINDS = {
    "conv": "dense",
    "linear": "dense",
    "depthwise": "depthwise",
    "deform": "deform",
    "peak": "select",
    "maxpool": "select",
}
"""Colour classes; all other operators move data."""


def write_page(summary: Summary, pictures: Sequence[Picture], path: Path) -> None:
    """Writes the page to `path`."""
    environment = Environment(
        loader=PackageLoader("codesign.reporting"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["edge"] = _edge
    parts = units(summary.blocks)
    laid = rows(parts, summary.input.name)
    text = environment.get_template("page.html.j2").render(
        summary=summary,
        tiles=_tiles(summary),
        gauges=_gauges(summary),
        stage_names=STAGE_NAMES,
        pictures=[_picture(picture) for picture in pictures],
        metrics=_metrics(summary),
        rows=[_row(row, summary, parts) for row in laid],
        rail_count=width(laid),
        version=__version__,
    )
    write_text(path, text)


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
    if totals.energy_incremental and totals.energy_board:
        low, high = totals.energy_incremental.low_uj, totals.energy_incremental.high_uj
        board = (totals.energy_board.low_uj + totals.energy_board.high_uj) / 2
        note = f"work adds {two_digits(low)} to {two_digits(high)} µJ"
        tiles.append(_tile("Board energy", two_digits(board), "µJ/frame", note))
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
                "held": f"{held:,g}",
                "percent": f"{share:.1%}",
                "fill": round(400 * min(share, 1)),
                "mark": round(400 * budget / held) if held else 400,
                "level": "over" if used > budget else "high" if used > 0.9 * budget else "",
            }
        )
    return found


def _picture(picture: Picture) -> dict[str, Any]:
    font = picture.size / 13
    boxes = [{**vars(box), "text_y": max(box.y - font / 4, font)} for box in picture.boxes]
    return {"png": picture.png, "size": picture.size, "font": font, "boxes": boxes}


def _metrics(summary: Summary) -> list[str]:
    energy = ["energy, nJ"] if summary.totals.energy_incremental else []
    return ["cycles", "LUT", "DSP", "BRAM36", *energy]


def _row(row: Row, summary: Summary, parts: Sequence[Unit]) -> dict[str, Any]:
    unit = row.unit
    parent, dot, leaf = unit.name.rpartition(".")
    return {
        "parent": parent + dot,
        "leaf": leaf,
        "operator": unit.operator,
        "kind": KINDS.get(unit.operator, "move"),
        "edge": unit.outputs[0].label,
        "folding": unit.folding.replace("x", "×"),  # noqa: RUF001
        "slowest": any(block.name == summary.totals.bottleneck for block in unit.blocks),
        "title": _title(unit),
        "path": _path(row),
        "x": RAIL * row.rail + RAIL // 2,
        "bars": _bars(unit, parts),
    }


def _title(unit: Unit) -> str:
    macs = f"{engineering(unit.macs)} MACs, " if unit.macs else ""
    return f"{unit.name}: {macs}latency {unit.latency_us:.2f} µs, {unit.resources.ff:,} FF"


def _path(row: Row) -> str:
    """The rails of one row as an SVG path, 100 units high."""

    def x(rail: int) -> int:
        return RAIL * rail + RAIL // 2

    node = x(row.rail)
    lines = [f"M{x(rail)} 0V100" for rail in row.passing]
    bends = [(x(rail), 0, node, 50) for rail in row.entering] + [(node, 50, x(rail), 100) for rail in row.leaving]
    lines += [f"M{a} {top}C{a} {top + 30} {b} {end - 30} {b} {end}" for a, top, b, end in bends]
    return "".join(lines)


def _bars(unit: Unit, parts: Sequence[Unit]) -> list[dict[str, Any]]:
    def values(part: Unit) -> list[float]:
        held, added = part.resources, part.energy_incremental
        energy = [_middle_nj(added)] if added else []
        return [part.interval_cycles, held.lut, held.dsp, held.bram36, *energy]

    largest = [max(column) for column in zip(*(values(part) for part in parts), strict=True)]
    texts = [
        f"{unit.interval_cycles:,}",
        f"{unit.resources.lut:,}",
        f"{unit.resources.dsp}",
        f"{unit.resources.bram36:g}",
    ]
    texts += [two_digits(_middle_nj(unit.energy_incremental))] if unit.energy_incremental else []
    return [
        {"text": text if value else "", "percent": round(100 * value / most, 1) if most else 0}
        for text, value, most in zip(texts, values(unit), largest, strict=True)
    ]


def _middle_nj(energy: Energy) -> float:
    return 500 * (energy.low_uj + energy.high_uj)
