"""The netlists that Yosys makes of the build's SystemVerilog, block by block, each in its place in the design.

The top's wiring stays as it is; every instance in it becomes a netlist of the target's cells. Each netlist is driven by
itself with the frames of the stage `blocks`, and all together with the images, in the bench of the SystemVerilog.
"""

from __future__ import annotations

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.project import RtlProject
from codesign.graph import IntArray
from codesign.progress import Progress
from codesign.synthesis.netlist import netlist_project
from codesign.synthesis.utilization import Family
from codesign.targets import target_of
from codesign.verification.blocks import Trial
from codesign.verification.compare import Comparison, compare
from codesign.verification.stages import blocks
from codesign.verification.stages.rtl import in_bench


def compared(
    build: BuildFolder, images: IntArray, trial: Trial, progress: Progress, *, family: Family | None = None
) -> Comparison:
    """What the netlists made of `trial` and of `images` (N, C, H, W), up to the first value that differs.

    family: of cells; default: that of the build's target. Raises ToolError without Yosys or a C++ compiler, if either
    refuses the design, or if it stalls for good.
    """
    project = RtlProject.load(build.rtl)
    cells = family or default_family(build)
    folder = netlist_project(
        project, cells, build.cache / f"netlist-{cells}", cache=build.cache, progress=progress
    ).folder
    alone = blocks.compared(build, trial, _as(progress, "netlist: blocks"), stage="netlist", rtl=folder)
    if alone.mismatch:
        return alone
    together = compare(
        "netlist", build.graph, images, in_bench(folder, build, images, tuple(build.graph.types)), progress
    )
    return Comparison(max(alone.tensors, together.tensors), alone.values + together.values, together.mismatch)


def default_family(build: BuildFolder) -> Family:
    """Of the cells of the build's target; UltraScale+ has the look-up tables and registers of the 7 series."""
    target = target_of(build.manifest.get("target"), str(build.path))
    return "ecp5" if target.family == "ecp5" else "xc7"


def _as(progress: Progress, what: str) -> Progress:
    """Tells of the progress under another name."""
    return lambda _, done, total: progress(what, done, total)
