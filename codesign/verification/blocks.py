"""What the blocks of a design are given when each is driven by itself, and what they should make of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from codesign.emit.rtl.project import RtlProject
from codesign.errors import GraphError
from codesign.graph import Graph, IntArray, Node
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.ops.requant import Requant
from codesign.plugins import load
from codesign.schedule import Schedule
from codesign.verification.vectors import Frame, _fill, _moved

SEED = 18

INTERVALS = 16
"""A block is driven for about so many intervals of the network."""

CYCLES = 300_000
"""And for so many cycles, if it knows of frames for them: small networks are simulated fast."""


@dataclass(frozen=True, eq=False)
class Unit:
    """A block of the design: a node, or several if what the first ones make is no stream.

    inputs, outputs: the tensors that it reads and makes. It may have none to make: an output of the design.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def made_of(self, graph: Graph, given: Mapping[str, IntArray]) -> dict[str, IntArray]:
        """What it should make of the frames `given` (N, C, H, W), by tensor; also what stays within it."""
        values = {name: given[name] for name in self.inputs}
        for node in self.nodes:
            results = node.op.execute(*(values[name] for name in node.inputs))
            values.update(zip(graph.output_names(node), results, strict=True))
        return {name: value for name, value in values.items() if name not in self.inputs}


@dataclass(frozen=True, eq=False)
class Trial:
    """What blocks are given and should make of it, by tensor."""

    units: tuple[Unit, ...]
    given: Mapping[str, IntArray]
    expected: Mapping[str, IntArray]

    @property
    def frames(self) -> int:
        """Those of the block that is driven with most."""
        return max(len(frames) for frames in self.given.values())


def trial_of(graph: Graph, schedule: Schedule, project: RtlProject) -> Trial:
    """The frames for the blocks of a design. They are the same every time."""
    streams = [stream.tensor for stream in project.tensors]
    units = units_of(graph, streams)
    given = given_frames(graph, schedule, units, streams, project.sparse)
    expected = {name: given[name] for name in graph.inputs}
    for unit in units:
        expected |= unit.made_of(graph, given)
    return Trial(units, given, expected)


def units_of(graph: Graph, streams: Collection[str]) -> tuple[Unit, ...]:
    """The blocks of a design whose `streams` are those of its tensors that pass between blocks."""
    units = []
    for node in graph.nodes:
        if any(name not in streams for name in node.inputs):
            continue
        nodes, outputs = [node], graph.output_names(node)
        while outputs[0] not in streams:
            (follower, _), *others = graph.consumers[outputs[0]]
            if others:
                raise GraphError(f"tensor '{outputs[0]}' is no stream, and has several readers", where=node.name)
            nodes.append(follower)
            outputs = graph.output_names(follower)
        units.append(Unit(node.name, tuple(nodes), node.inputs, outputs))
    return tuple(units)


def vectors(unit: Unit, graph: Graph, rng: np.random.Generator) -> Iterator[Frame]:
    """Frames for a block, those that find most first."""
    first, *others = unit.nodes
    op = first.op
    if others and isinstance(op, Conv) and isinstance(others[0].op, Requant):
        op = ConvTile.of(op, others[0].op)
    found: Iterator[Frame] = load("codesign.verification.vectors", op.kind).frames(op, graph.input_types(first), rng)
    return found


def given_frames(
    graph: Graph, schedule: Schedule, units: Collection[Unit], streams: Collection[str], sparse: bool = False
) -> dict[str, IntArray]:
    """Frames (n, C, H, W) that the readers of each tensor are given, whole numbers of them as `INTERVALS` allows.

    Blocks that read one tensor are given the same frames of it; what is meant for one of them, the others see too.
    sparse: the outputs leave together.
    """
    rng = np.random.default_rng(SEED)
    given: dict[str, IntArray] = {}
    for tensors in _together(graph, units, streams, sparse):
        readers = [unit for unit in units if unit.inputs[0] in tensors]
        slowest = max((_cycles(unit, schedule) for unit in readers), default=schedule.interval_cycles)
        most = max(len(readers) + 1, max(INTERVALS * schedule.interval_cycles, CYCLES) // slowest)
        frames = list(_in_turn(graph, readers, tensors, most, rng))
        given |= {name: np.stack([frame[name] for frame in frames]) for name in tensors}
    return given


def _in_turn(
    graph: Graph, readers: Sequence[Unit], tensors: Collection[str], most: int, rng: np.random.Generator
) -> Iterator[dict[str, IntArray]]:
    """Frames of all `tensors` for one reader after another, and for the outputs of the design.

    Those with more inputs go first: what else is given to one that shares a tensor is any values.
    """
    for frame in islice(_moved.frames([graph.types[name] for name in tensors], rng), 1 if readers else None):
        yield dict(zip(tensors, frame, strict=True))
    share = max(1, most // (3 * max(1, len(readers))))
    spare = most - 1
    for index, unit in enumerate(sorted(readers, key=lambda unit: -len(unit.inputs))):
        kept = share * (len(readers) - 1 - index)
        for frame in islice(vectors(unit, graph, rng), max(share, spare - kept)):
            others = {name: _fill.uniform(rng, graph.types[name]) for name in tensors if name not in unit.inputs}
            spare -= 1
            yield others | dict(zip(unit.inputs, frame, strict=True))


def _together(graph: Graph, units: Collection[Unit], streams: Collection[str], sparse: bool) -> list[tuple[str, ...]]:
    """The streams in sets that no block reads from two of."""
    sets = [{name} for name in graph.types if name in streams]
    readers = [unit.inputs for unit in units] + ([graph.outputs] if sparse else [])
    for names in readers:
        joined = set().union(*(found for found in sets if found & set(names)))
        sets = [found for found in sets if not found & set(names)] + [joined]
    order = list(graph.types)
    return [tuple(sorted(found, key=order.index)) for found in sets]


def _cycles(unit: Unit, schedule: Schedule) -> int:
    """The most that a frame takes one of its nodes."""
    return max(schedule.blocks[node.name].interval_cycles for node in unit.nodes if node.name in schedule.blocks)
