"""The netlists that Yosys makes of the build's SystemVerilog, block by block, each in its place in the design.

The top's wiring stays as it is; every instance in it becomes a netlist of the target's cells. Each netlist is driven by
itself with the frames of the stage `blocks`, and all together with the images, in the bench of the SystemVerilog.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.project import RtlProject
from codesign.progress import Progress
from codesign.synthesis.netlist import netlist_project
from codesign.synthesis.utilization import Family, family_of
from codesign.verification.blocks import Trial
from codesign.verification.compare import Comparison, compare
from codesign.verification.findings import Findings
from codesign.verification.reference import Reference
from codesign.verification.stages import blocks
from codesign.verification.stages.rtl import Simulated


def compared(
    build: BuildFolder, reference: Reference, trial: Trial, progress: Progress, *, family: Family | None = None
) -> Comparison:
    """What the netlists made of `trial` and of the images of `reference`, up to the first value that differs.

    family: of cells; default: that of the build's target. Raises ToolError without Yosys or a C++ compiler, if either
    refuses the design.
    """
    project, cells = RtlProject.load(build.rtl), family or family_of(build.design.target)
    with tempfile.TemporaryDirectory(prefix="codesign_netlist_") as scratch:
        made = netlist_project(project, cells, Path(scratch) / "rtl", progress=progress)
        alone = blocks.compared(made.folder, build.design, trial, _as(progress, "netlist: blocks"), stage="netlist")
        if alone.mismatch:
            return alone
        shown = Simulated(build, made, reference.images, tuple(build.graph.types), demanding=False)
        together = compare("netlist", reference, shown, progress)
    tensors, values = max(alone.tensors, together.tensors), alone.values + together.values
    return Comparison(tensors, values, together.mismatch, findings=_both(alone.findings, together.findings))


def _both(alone: Findings | None, together: Findings | None) -> Findings | None:
    if alone is None or together is None:
        return alone or together
    return Findings((*alone.violations, *together.violations), alone.frames + together.frames)


def _as(progress: Progress, what: str) -> Progress:
    """Tells of the progress under another name."""
    return lambda _, done, total: progress(what, done, total)
