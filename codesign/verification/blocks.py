"""What the blocks of a design are given when each is driven by itself, and what they should make of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from codesign.design import BuiltBlock, Design
from codesign.graph import Graph, IntArray
from codesign.plugins import load
from codesign.verification import fill
from codesign.verification.computed import computed
from codesign.verification.vectors import Frame

SEED = 18

INTERVALS = 16
"""A block is driven for about so many intervals of the network."""

CYCLES = 300_000
"""And for so many cycles, if it knows of frames for them: small networks are simulated fast."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What blocks are given and should make of it, by tensor."""

    given: Mapping[str, IntArray]
    expected: Mapping[str, IntArray]

    @property
    def frames(self) -> int:
        """Those of the block that is driven with most."""
        return max(len(frames) for frames in self.given.values())


def trial_of(design: Design) -> Trial:
    """The frames for the blocks of a design. They are the same every time."""
    given = given_frames(design)
    expected = {name: given[name] for name in design.graph.inputs}
    for block in design.blocks:
        expected |= _made_of(block, design.graph, given)
    return Trial(given, expected)


def _made_of(block: BuiltBlock, graph: Graph, given: Mapping[str, IntArray]) -> dict[str, IntArray]:
    """What a block should make of the frames `given` (N, C, H, W), by tensor; also what stays within it."""
    values = computed(graph, block.parts, {name: given[name] for name in block.inputs})
    return {name: value for name, value in values.items() if name not in block.inputs}


def given_frames(design: Design) -> dict[str, IntArray]:
    """Frames (n, C, H, W) that the readers of each tensor are given, whole numbers of them as `INTERVALS` allows.

    Blocks that read one tensor are given the same frames of it; what is meant for one of them, the others see too.
    """
    rng = np.random.default_rng(SEED)
    interval = design.schedule.interval_cycles
    given: dict[str, IntArray] = {}
    for tensors in _together(design):
        readers = [block for block in design.blocks if block.inputs[0] in tensors]
        slowest = max((design.schedule.blocks[block.name].interval_cycles for block in readers), default=interval)
        most = max(len(readers) + 1, max(INTERVALS * interval, CYCLES) // slowest)
        frames = list(_in_turn(design.built, readers, tensors, most, rng))
        given |= {name: np.stack([frame[name] for frame in frames]) for name in tensors}
    return given


def _in_turn(
    graph: Graph, readers: Sequence[BuiltBlock], tensors: Collection[str], most: int, rng: np.random.Generator
) -> Iterator[dict[str, IntArray]]:
    """Frames of all `tensors` for one reader after another, and for the outputs of the design.

    Those with more inputs go first: what else is given to one that shares a tensor is any values.
    """
    for draw in (fill.uniform,) if readers else (fill.uniform, fill.ends, fill.uniform):
        yield {name: draw(rng, graph.types[name]) for name in tensors}
    share = max(1, most // (3 * max(1, len(readers))))
    spare = most - 1
    for index, block in enumerate(sorted(readers, key=lambda block: -len(block.inputs))):
        kept = share * (len(readers) - 1 - index)
        for frame in islice(_vectors(block, rng), max(share, spare - kept)):
            others = {name: fill.uniform(rng, graph.types[name]) for name in tensors if name not in block.inputs}
            spare -= 1
            yield others | dict(zip(block.inputs, frame, strict=True))


def _vectors(block: BuiltBlock, rng: np.random.Generator) -> Iterator[Frame]:
    """Frames for a block, those that find most first."""
    op = block.node.op
    found: Iterator[Frame] = load("codesign.verification.vectors", op.kind).frames(op, block.input_types, rng)
    return found


def _together(design: Design) -> list[tuple[str, ...]]:
    """The streams in sets that no block reads from two of."""
    order = [name for name in design.graph.types if name in design.built.types]
    sets = [{name} for name in order]
    readers = [block.inputs for block in design.blocks] + ([design.graph.outputs] if design.heads else [])
    for names in readers:
        joined = set().union(*(found for found in sets if found & set(names)))
        sets = [found for found in sets if not found & set(names)] + [joined]
    return [tuple(sorted(found, key=order.index)) for found in sets]
