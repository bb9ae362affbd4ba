"""Buffer sizes: how deep FIFOs must be, and how much deeper beside a branch that works in tiles of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from codesign.cost import stream
from codesign.cost.block import BlockCost
from codesign.graph import Graph
from codesign.hardware.folding import Memory
from codesign.hardware.memory import block_depth, mixed
from codesign.schedule.edges import Edge
from codesign.schedule.problem import Candidate

LUT_STEPS = 8
"""Steps in which FIFOs in LUT-RAM become deeper."""


@dataclass(frozen=True)
class Buffer:
    """What a FIFO in front of a join must hold.

    A convolution that works in tiles of pixels gives its first pixel long after that has come in. While the join waits
    for it, the pixels of the other branches pile up in their FIFOs. How many they are depends on the candidate that is
    chosen. So `depth`, in beats of `bits` bits, is what the FIFO holds without any such convolution, and `added` says
    how many beats more each of them takes.

    frame_beats: beats of a frame. parallel: the nodes of the other branches into the join.
    """

    depth: int
    bits: int
    frame_beats: int
    parallel: frozenset[str] = frozenset()

    def added(self, candidate: Candidate) -> int:
        """Beats that come while a pixel passes `candidate` on another branch; 0 unless that works in tiles."""
        cost = candidate.cost
        return ceil(cost.latency_cycles / cost.interval_cycles * self.frame_beats) if candidate.folding.tile else 0

    @cached_property
    def memories(self) -> dict[Memory, BlockCost]:
        """What the FIFO takes wherever it may lie."""
        return {memory: stream.fifo(self.bits, self.depth, memory) for memory in _memories(self.depth)}

    def options(self, found: Mapping[str, list[Candidate]]) -> list[tuple[int, BlockCost]]:
        """(depth, cost) of the FIFOs of use beside the candidates `found`.

        In LUT-RAM, or block RAM and LUT-RAM, they become deeper in steps, in block RAM by a RAMB18.
        """
        parallel = [found[name] for name in self.parallel & found.keys()]
        most = self.depth + sum(max(map(self.added, candidates)) for candidates in parallel)
        step = max(1, ceil((most - self.depth) / LUT_STEPS))
        steps = [*range(self.depth, most, step), most]
        in_block, depth = [], self.depth
        while depth <= most:
            in_block.append(block_depth(depth, self.bits))
            depth = in_block[-1] + 1
        places: list[tuple[int, Memory]] = [(d, memory) for d in steps for memory in _memories(d) if memory != "block"]
        places += [(d, "block") for d in in_block]
        return [(d, stream.fifo(self.bits, d, memory)) for d, memory in places]


def _memories(depth: int) -> tuple[Memory, ...]:
    block, rest = mixed(depth)
    return ("lut", "block", "mixed") if block and rest else ("lut", "block")


Buffers = Mapping[Edge, Buffer]


def branches(graph: Graph) -> dict[Edge, frozenset[str]]:
    """For every edge into a join, the nodes on the way to its other inputs, but not to this one."""
    before: dict[str, frozenset[str]] = {name: frozenset() for name in graph.inputs}
    found = {}
    for node in graph.nodes:
        above = frozenset().union(*(before[tensor] for tensor in node.inputs))
        before |= {tensor: above | {node.name} for tensor in graph.output_names(node)}
        for port, tensor in enumerate(node.inputs):
            if above > before[tensor]:
                found[Edge(tensor, node.name, port)] = above - before[tensor]
    return found
