"""What the vendor's tools found, beside what was predicted: the rows of a small table."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.reporting.summary import Resources, Summary
from codesign.vendor.figures import Used, VitisHlsFigures, VivadoFigures

HEADINGS = ("LUT", "FF", "BRAM36", "DSP")


@dataclass(frozen=True)
class VendorRow:
    """A line: who says it of what, the figures under HEADINGS, and of time. late: misses its clock."""

    what: str
    figures: tuple[str, ...]
    timing: str
    late: bool = False


def vendor_rows(summary: Summary) -> tuple[VendorRow, ...]:
    """None if no tool has run."""
    if summary.vendor is None:
        return ()
    totals = summary.totals
    predicted = f"{summary.target.clock_mhz:g} MHz, {totals.interval_cycles:,} cycles a frame"
    rows = [VendorRow("predicted", _figures(totals.resources), predicted)]
    if summary.vendor.vivado:
        rows += _vivado(summary.vendor.vivado)
    if summary.vendor.vitis_hls:
        rows.append(_vitis_hls(summary.vendor.vitis_hls))
    return tuple(rows)


def _vivado(found: VivadoFigures) -> list[VendorRow]:
    name = f"Vivado {found.version}"
    timing = f"{found.clock_mhz:g} MHz, slack {found.slack_ns:g} ns, of hold {found.hold_slack_ns:g} ns"
    rows = [VendorRow(f"{name}, accelerator", _figures(found.accelerator), "")] if found.accelerator else []
    return [*rows, VendorRow(f"{name}, with DMAs", _figures(found.design), timing, not found.met)]


def _vitis_hls(found: VitisHlsFigures) -> VendorRow:
    cycles = f"{found.interval_cycles[1]:,}" if found.interval_cycles else "unknown"
    timing = f"{found.estimated_clock_ns:g} of {found.clock_ns:g} ns, {cycles} cycles a frame"
    late = found.estimated_clock_ns > found.clock_ns
    return VendorRow(f"Vitis HLS {found.version}, estimate", _figures(found.used), timing, late)


def _figures(used: Used | Resources) -> tuple[str, ...]:
    return tuple(f"{figure:,g}" for figure in (used.lut, used.ff, used.bram36, used.dsp))
