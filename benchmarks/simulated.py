"""Frames of random values through a design's RTL, one behind the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.design import Design
from codesign.emit.rtl.simulate import simulate
from codesign.graph import execute
from codesign.graph.reals import random_integers

FRAMES = 3


@dataclass(frozen=True)
class Passed:
    """Cycles between the ends of the last two frames and latency of the first; exact: every output is the graph's."""

    interval_cycles: int
    latency_cycles: int
    exact: bool


def passed(folder: Path, design: Design, frames: int = FRAMES) -> Passed:
    """Simulates the RTL of the design, which `emit_rtl` wrote to `folder`."""
    rng = np.random.default_rng(2)
    images = {name: random_integers(rng, kind, frames) for name, kind in design.graph.inputs.items()}
    found, expected = simulate(folder, design.graph, images, tensors=()), execute(design.graph, images)
    exact = all(np.array_equal(found.values[name], expected[name]) for name in design.graph.outputs)
    return Passed(found.interval_cycles, found.latency_cycles, exact)
