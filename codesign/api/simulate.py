"""`codesign simulate`: the exported network's own bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.build_folder import BuildFolder, open_build
from codesign.graph import execute
from codesign.verification.images import verification_images


@dataclass(frozen=True)
class SimulationResult:
    """A simulated run: whether the outputs were the graph's, cycles between frames, from first beat in to first out,
    in all, and the seconds that the simulator took."""

    exact: bool
    interval_cycles: int
    latency_cycles: int
    cycles: int
    seconds: float


def simulate(
    build: Path | BuildFolder, *, images: int = 2, stall: float = 0.0, seed: int = 0, waves: Path | None = None
) -> SimulationResult:
    """Sends frames back to back through the simulated SystemVerilog, outputs only, no probes inside.

    stall: chance that a port pauses in a cycle. Raises ToolError without a C++ compiler or if the design stalls.
    """
    from codesign.emit.rtl.simulate import simulate as run_rtl

    folder = build if isinstance(build, BuildFolder) else open_build(build)
    frames = verification_images(folder, images)
    (source,) = folder.graph.inputs
    found = run_rtl(folder.rtl, folder.graph, frames, tensors=(), stall=stall, seed=seed, waves=waves)
    expected = execute(folder.graph, {source: frames})
    exact = all(np.array_equal(found.values[name], expected[name]) for name in folder.graph.outputs)
    return SimulationResult(exact, found.interval_cycles, found.latency_cycles, found.cycles, found.seconds)
