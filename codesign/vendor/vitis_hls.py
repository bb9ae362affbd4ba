"""Reads the report of Vitis HLS's C synthesis, `csynth.xml`."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree

from codesign.errors import ToolError
from codesign.vendor.figures import Used, VitisHlsFigures

SOLUTION = Path("hls") / "solution1"
REPORT = SOLUTION / "syn" / "report" / "csynth.xml"
VERILOG = SOLUTION / "syn" / "verilog"
"""Where `vitis_hls.tcl` lets the tool write, below `board/build`."""

_LATENCY, _TIMING = "PerformanceEstimates/SummaryOfOverallLatency", "PerformanceEstimates/SummaryOfTimingAnalysis"
_USED = "AreaEstimates/Resources"


def read_vitis_hls(path: Path) -> VitisHlsFigures:
    """The figures of `csynth.xml`. Raises ToolError if it is missing or of another layout."""
    try:
        root = defusedxml.ElementTree.parse(path).getroot()
        return _figures(root)
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    except ParseError as error:
        why = f"is no XML ({error})"
    except (KeyError, ValueError) as error:
        why = f"is no report of C synthesis: {error}"
    raise ToolError(why, where=str(path), remedy="let Vitis HLS run to its end")


def _figures(root: Element) -> VitisHlsFigures:
    def text(name: str, default: str | None = None) -> str:
        found = root.findtext(name, default)
        if found is None:
            raise KeyError(f"no {name}")
        return found.strip()

    def count(name: str, default: str | None = None) -> int:
        return int(text(f"{_USED}/{name}", default))

    def cycles(least: str, most: str) -> tuple[int, int] | None:
        """Words such as `undef` or `?` stand where a loop's length depends on the data."""
        found = text(f"{_LATENCY}/{least}"), text(f"{_LATENCY}/{most}")
        return (int(found[0]), int(found[1])) if all(part.isdecimal() for part in found) else None

    dsp = "DSP" if root.find(f"{_USED}/DSP") is not None else "DSP48E"  # until 2020.1
    return VitisHlsFigures(
        version=text("ReportVersion/Version", ""),
        part=text("UserAssignments/Part"),
        clock_ns=float(text("UserAssignments/TargetClockPeriod")),
        estimated_clock_ns=float(text(f"{_TIMING}/EstimatedClockPeriod")),
        latency_cycles=cycles("Best-caseLatency", "Worst-caseLatency"),
        interval_cycles=cycles("Interval-min", "Interval-max"),
        used=Used(count("LUT"), count("FF"), count("BRAM_18K") / 2, count(dsp), count("URAM", "0")),
    )
