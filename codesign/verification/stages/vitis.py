"""The Verilog that Vitis HLS made of the hls4ml project, in the bench of our own SystemVerilog."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.vitis import adapt_vitis
from codesign.graph import IntArray
from codesign.vendor.vitis_hls import REPORT, VERILOG, read_vitis_hls
from codesign.verification.stages.rtl import Simulated, in_bench

PATIENCE = 4
"""A frame may take so many times what our own RTL takes, if Vitis HLS does not say how long it takes."""


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Shows the graph's outputs, all that its ports do, of frames back to back.

    Raises ToolError if Vitis HLS has not been run, if its ports are not the network's, without a C++ compiler, if
    the design does not compile, or if it stalls for good.
    """
    with tempfile.TemporaryDirectory(prefix="codesign_vitis_") as scratch:
        yield from in_bench(_adapted(build, scratch).folder, build, images, ())


def prove(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Simulated:
    """Raises ToolError as `run` does, but for a stall, which is a finding."""
    scratch = tempfile.TemporaryDirectory(prefix="codesign_vitis_")
    return Simulated(build, _adapted(build, scratch.name), images, (), scratch)


def _adapted(build: BuildFolder, scratch: str) -> RtlProject:
    verilog = build.board / "build" / VERILOG
    return adapt_vitis(verilog, build.graph, Path(scratch) / "rtl", interval_cycles=_cycles(build))


def _cycles(build: BuildFolder) -> int:
    """The most that a frame takes."""
    report = build.board / "build" / REPORT
    latency = read_vitis_hls(report).latency_cycles if report.is_file() else None
    return latency[1] if latency else PATIENCE * build.design.schedule.latency_cycles
