"""The Verilog that Vitis HLS made of the hls4ml project, in the bench of our own SystemVerilog."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.vitis import adapt_vitis
from codesign.graph import IntArray
from codesign.schedule import Schedule
from codesign.vendor.vitis_hls import REPORT, VERILOG, read_vitis_hls
from codesign.verification.stages.rtl import Simulated

PATIENCE = 4
"""A frame may take so many times what our own RTL takes, if Vitis HLS does not say how long it takes."""


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Simulated:
    """Shows the graph's outputs, all that its ports do.

    Raises ToolError if Vitis HLS has not been run, if its ports are not the network's, without a C++ compiler, or if
    the design does not compile.
    """
    board = build.board / "build"
    scratch = tempfile.TemporaryDirectory(prefix="codesign_vitis_")
    adapted = adapt_vitis(board / VERILOG, build.graph, Path(scratch.name) / "rtl", interval_cycles=_cycles(build))
    return Simulated(build, adapted, images, (), scratch)


def _cycles(build: BuildFolder) -> int:
    """The most that a frame takes."""
    report = build.board / "build" / REPORT
    latency = read_vitis_hls(report).latency_cycles if report.is_file() else None
    return latency[1] if latency else PATIENCE * Schedule.load(build.schedule).latency_cycles
