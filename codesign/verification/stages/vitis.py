"""The Verilog that Vitis HLS made of the hls4ml project, in the bench of our own SystemVerilog, frames back to back."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.vitis import adapt_vitis
from codesign.graph import IntArray
from codesign.schedule import Schedule
from codesign.vendor.vitis_hls import REPORT, VERILOG, read_vitis_hls
from codesign.verification.stages.rtl import in_bench

PATIENCE = 4
"""A frame may take so many times what our own RTL takes, if Vitis HLS does not say how long it takes."""


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Shows the graph's outputs, all that its ports do.

    Raises ToolError if Vitis HLS has not been run, if its ports are not the network's, without a C++ compiler, if
    the design does not compile, or if it stalls for good.
    """
    board = build.board / "build"
    with tempfile.TemporaryDirectory(prefix="codesign_vitis_") as scratch:
        out = Path(scratch) / "rtl"
        adapted = adapt_vitis(board / VERILOG, build.graph, out, interval_cycles=_cycles(build))
        yield from in_bench(adapted.folder, build, images, ())


def _cycles(build: BuildFolder) -> int:
    """The most that a frame takes."""
    report = build.board / "build" / REPORT
    latency = read_vitis_hls(report).latency_cycles if report.is_file() else None
    return latency[1] if latency else PATIENCE * Schedule.load(build.schedule).latency_cycles
