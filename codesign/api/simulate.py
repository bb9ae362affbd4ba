"""`codesign simulate`: the exported network's own bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codesign.build_folder import BuildFolder, open_build
from codesign.errors import ToolError
from codesign.graph import Graph, Node, execute
from codesign.progress import Progress, silent
from codesign.verification.images import verification_images

if TYPE_CHECKING:
    from codesign.emit.rtl.protocol import Violation
    from codesign.emit.rtl.simulate import Stalls


@dataclass(frozen=True)
class SimulationResult:
    """A simulated run: how many frames there were, whether the outputs were the graph's, cycles between frames, of the
    first frame from its first beat in to its last out, in all, and the seconds that the simulator took.

    stalls: by tensor, if they were counted; binding: the block that then held up the others. violations: of the
    protocol of ports and streams.
    """

    frames: int
    exact: bool
    interval_cycles: int
    latency_cycles: int
    cycles: int
    seconds: float
    stalls: dict[str, Stalls]
    binding: str | None
    violations: tuple[Violation, ...]


def simulate(
    build: Path | BuildFolder,
    *,
    images: int = 2,
    stall: float = 0.0,
    seed: int = 0,
    waves: Path | None = None,
    stalls: bool = False,
    changed: bool = False,
    progress: Progress = silent,
) -> SimulationResult:
    """Sends frames back to back through the simulated SystemVerilog and compares the outputs.

    images: at most so many, as many as the data set has. stall: chance that a port pauses in a cycle. stalls: count,
    once the first frame is out, where beats wait.
    changed: as for `open_build`. progress: called with ("compile", 0 or 1, 1), then ("frames", done, in all).
    Raises ToolError without a C++ compiler, if the design stalls, or to count stalls of fewer than two frames.
    """
    from codesign.emit.rtl.simulate import simulate as run_rtl

    if stalls and images < 2:
        raise ToolError("stalls are counted from the second frame on", remedy="send two images or more")
    folder = open_build(build, changed=changed)
    frames = verification_images(folder, images)
    (source,) = folder.graph.inputs
    progress("compile the simulator", 0, 1)

    def on_frame(done: int) -> None:
        progress("compile the simulator", 1, 1)
        progress("frames", done, len(frames))

    found = run_rtl(
        folder.rtl,
        folder.graph,
        frames,
        tensors=(),
        stall=stall,
        seed=seed,
        waves=waves,
        stalls=stalls,
        on_frame=on_frame,
    )
    expected = execute(folder.graph, {source: frames})
    exact = all(np.array_equal(found.values[name], expected[name]) for name in folder.graph.outputs)
    binding = _binding(folder.design.built, found.stalls) if stalls else None
    figures = (found.interval_cycles, found.latency_cycles, found.cycles, found.seconds)
    return SimulationResult(len(frames), exact, *figures, found.stalls, binding, found.violations)


def _binding(graph: Graph, stalls: dict[str, Stalls]) -> str:
    """The block whose inputs wait for it the most while the next blocks wait for its outputs."""

    def awaited(node: Node) -> float:
        return min(1 - stalls[tensor].blocked_share for tensor in graph.output_names(node))

    def share(node: Node) -> float:
        return awaited(node) * min(stalls[tensor].blocked_share for tensor in node.inputs)

    return max(graph.nodes, key=share).name
