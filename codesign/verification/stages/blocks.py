"""Every block of the SystemVerilog in the build folder, driven by itself with all that its types can hold.

Pictures reach a small part of what a block must do right. This stage has its own frames, made of the blocks' weights
and types (`codesign/verification/vectors`), and compares what each block makes of them with its operator in the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from codesign.design import Design
from codesign.emit.rtl.drive import Driven, drive_blocks
from codesign.graph import Graph, IntArray
from codesign.graph.reals import NOT_AN_INTEGER
from codesign.progress import Progress
from codesign.verification.blocks import Trial
from codesign.verification.compare import Comparison, first_difference
from codesign.verification.findings import Findings


def compared(
    rtl_dir: Path,
    design: Design,
    trial: Trial,
    progress: Progress,
    *,
    stage: str = "blocks",
    plusargs: Sequence[str] = (),
) -> Comparison:
    """Values that blocks made and should have made, up to the first block that differs, and rules broken.

    rtl_dir: the design's RTL, or netlists of it. stage: in whose name. plusargs: as in `run_harness`. Raises ToolError
    without a C++ compiler, and if the design does not compile.
    """
    counts = {name: len(frames) for name, frames in trial.expected.items()}
    driven = drive_blocks(rtl_dir, trial.given, counts, heads=design.heads, plusargs=plusargs)
    found = replace(_compare(stage, design.graph, trial, driven), findings=Findings(driven.violations, trial.frames))
    progress(stage, trial.frames, trial.frames)
    return found


def _compare(stage: str, graph: Graph, trial: Trial, driven: Driven) -> Comparison:
    tensors = values = 0
    pairs = [(name, name, trial.expected[name], driven.made[name]) for name in graph.types if name in driven.made]
    pairs += [(f"output {name}", name, trial.given[name], left) for name, left in driven.left.items()]
    for block, name, expected, made in pairs:
        tensors += 1
        mismatch = first_difference(stage, graph, name, expected, _filled(made, len(expected)))
        if mismatch:
            return Comparison(tensors, values, replace(mismatch, block=block) if block != name else mismatch)
        values += expected.size
    return Comparison(tensors, values, None)


def _filled(made: IntArray, count: int) -> IntArray:
    """`count` frames, no integers where a block has stopped before."""
    missing = np.full((max(0, count - len(made)), *made.shape[1:]), NOT_AN_INTEGER, np.int32)
    return np.concatenate((made[:count], missing))
