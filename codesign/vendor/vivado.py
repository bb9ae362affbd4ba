"""Reads Vivado's reports: `report_utilization`, flat and by hierarchy, and `report_timing_summary`.

Tables are read by the names of columns and rows, which have stayed while columns came (`Prohibited`, in 2021) and
sites are named by family: "Slice LUTs" in 7 series, "CLB LUTs" in UltraScale+, an asterisk where a footnote
hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from codesign.errors import ToolError
from codesign.vendor.figures import Used, VivadoFigures

UTILIZATION, HIERARCHY, TIMING = "utilization.rpt", "utilization_hierarchical.rpt", "timing.rpt"

_LUT, _FF = ("Slice LUTs", "CLB LUTs"), ("Slice Registers", "CLB Registers")
_CLOCK = re.compile(r"^\s*\S+\s+\{[^}]*\}\s+[\d.]+\s+(?P<mhz>[\d.]+)\s*$", re.MULTILINE)


def read_vivado(folder: Path, cell: str) -> VivadoFigures:
    """The figures of the reports in `folder`; `cell`: the accelerator's name in the report by hierarchy.

    Raises ToolError for a report that is missing or of another layout.
    """
    utilization = _text(folder / UTILIZATION)
    clock_mhz, slack_ns, hold_slack_ns = _timing(folder / TIMING)
    hierarchy = folder / HIERARCHY
    return VivadoFigures(
        version=_head(utilization, r"Vivado v\.(\S+)"),
        part=_head(utilization, r"\| Device +: +(\S+)"),
        clock_mhz=clock_mhz,
        slack_ns=slack_ns,
        hold_slack_ns=hold_slack_ns,
        design=_design(utilization, folder / UTILIZATION),
        accelerator=_instance(_text(hierarchy), cell) if hierarchy.is_file() else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="let Vivado run to its end"
        ) from None


def _head(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _rows(text: str) -> Iterator[Mapping[str, str]]:
    """Rows of all tables by the names of their columns; a table has three rules `+---+`, its header below the first."""
    rules, names = 0, [""]
    for line in map(str.strip, text.splitlines()):
        if line.startswith("+-"):
            rules = (rules + 1) % 3
        elif not line.startswith("|"):
            rules = 0
        elif rules:
            cells = [cell.strip() for cell in line[1:-1].split("|")]
            if rules == 1:
                names = cells
            else:
                yield dict(zip(names, cells, strict=False))


def _design(text: str, path: Path) -> Used:
    used: dict[str, str] = {}
    for row in _rows(text):
        if {"Site Type", "Used"} <= row.keys():
            used.setdefault(row["Site Type"].rstrip("*"), row["Used"])

    def figure(*names: str) -> float:
        found = next((used[name] for name in names if name in used), None)
        if found is None:
            raise _unknown(path, f"has no row '{names[0]}'")
        return float(found)

    uram = int(float(used.get("URAM", "0")))
    return Used(int(figure(*_LUT)), int(figure(*_FF)), figure("Block RAM Tile"), int(figure("DSPs")), uram)


def _instance(text: str, cell: str) -> Used | None:
    """The row of `cell`, whose instances below it are counted in. Older reports give shares, too: `840(1.58%)`."""
    for row in _rows(text):
        if row.get("Instance") == cell and {"Total LUTs", "FFs", "RAMB36", "RAMB18"} <= row.keys():
            counts = {name: int(re.match(r"\d*", value)[0] or 0) for name, value in row.items()}  # type: ignore[index]
            bram36 = counts["RAMB36"] + counts["RAMB18"] / 2
            dsp = counts.get("DSP Blocks", counts.get("DSP48 Blocks", 0))
            return Used(counts["Total LUTs"], counts["FFs"], bram36, dsp, counts.get("URAM", 0))
    return None


def _timing(path: Path) -> tuple[float, float, float]:
    """MHz of the fastest clock, and the worst slack of setup and of hold in ns."""
    text = _text(path)
    _, _, summary = text.partition("Design Timing Summary")
    header, _, values = next((part for part in _after_rule(summary)), ("", "", ""))
    slack = dict(zip(re.split(r"\s{2,}", header.strip()), values.split(), strict=False))
    _, _, clocks = summary.partition("Clock Summary")
    mhz = [float(found["mhz"]) for found in _CLOCK.finditer(clocks.partition("Intra Clock Table")[0])]
    try:
        return max(mhz), float(slack["WNS(ns)"]), float(slack["WHS(ns)"])
    except (KeyError, ValueError):
        raise _unknown(path, "has no slack or no clock: nothing was timed") from None


def _after_rule(text: str) -> Iterator[tuple[str, str, str]]:
    """Each header, its rule of dashes and what stands below."""
    lines = text.splitlines()
    for header, rule, values in zip(lines, lines[1:], lines[2:], strict=False):
        if "WNS(ns)" in header and set(rule.strip()) == {"-", " "}:
            yield header, rule, values


def _unknown(path: Path, what: str) -> ToolError:
    return ToolError(what, where=str(path), remedy="is this a report of another Vivado than 2018 to 2025?")
