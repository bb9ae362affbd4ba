"""The netlists that Yosys makes of the build's SystemVerilog, block by block, in the design's own place.

They run in the bench of the SystemVerilog. The top's wiring stays; every instance in it is a netlist of the cells of the
target's family, or of the one that is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.project import RtlProject
from codesign.graph import IntArray
from codesign.progress import Progress, silent
from codesign.synthesis.netlist import netlist_project
from codesign.synthesis.utilization import Family, family_of
from codesign.targets import load_target
from codesign.verification.stages.rtl import in_bench


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Raises ToolError without Yosys or a C++ compiler, if the design does not compile, or if it stalls for good."""
    yield from in_bench(netlists(build), build, images, tensors)


def netlists(build: BuildFolder, family: Family | None = None, progress: Progress = silent) -> Path:
    """The folder of the RTL project made of netlists; default: of the family of the build's target."""
    family = family or family_of(load_target(build.manifest["target"]["name"]))
    project = RtlProject.load(build.rtl)
    return netlist_project(project, family, build.cache / f"netlist-{family}", cache=build.cache, progress=progress).folder
