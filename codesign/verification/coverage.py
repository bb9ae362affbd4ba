"""Which of the values that matter a verification has reached: by images, and by driving each block itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codesign.graph import Graph, IntArray, Node, TensorType
from codesign.graph.types import bits_for_range
from codesign.plugins import load
from codesign.verification.blocks import Trial
from codesign.verification.reference import Reference, images_at_a_time
from codesign.verification.vectors import Flags, Goal

Span = tuple[int, int]
"""Least and greatest."""


@dataclass(frozen=True)
class Reached:
    """Cases of one sort, such as the clamps of a tensor's channels.

    of: those that its types allow; unreachable: those that they rule out. images, blocks: how many of the former were
    seen with images, and with blocks by themselves; missing: seen with neither.
    """

    what: str
    of: int
    unreachable: int
    images: int
    blocks: int
    missing: int


@dataclass(frozen=True)
class Coverage:
    """How much of a tensor was reached.

    span: of its type; reachable: of what inputs can bring about; images, blocks: of the values that it took; bits: of
    the hardware; bits_images, bits_blocks: that those values need. cases: what may go wrong in the block that makes it.
    """

    block: str
    span: Span
    reachable: Span
    images: Span
    blocks: Span
    bits: int
    bits_images: int
    bits_blocks: int
    cases: tuple[Reached, ...]

    @property
    def missing_ends(self) -> int:
        """How many ends of the reachable span nothing has reached."""
        ends = zip(self.reachable, self.images, self.blocks, strict=True)
        return sum(end not in (image, block) for end, image, block in ends)

    @property
    def missing(self) -> int:
        """Ends of the span and cases that nothing has reached."""
        return self.missing_ends + sum(case.missing for case in self.cases)


@dataclass(frozen=True, eq=False)
class _Seen:
    span: Span
    flags: tuple[Flags, ...]

    def __or__(self, other: _Seen) -> _Seen:
        flags = tuple(a | b for a, b in zip(self.flags, other.flags, strict=True))
        return _Seen((min(self.span[0], other.span[0]), max(self.span[1], other.span[1])), flags)


def coverage_of(reference: Reference, trial: Trial) -> dict[str, Coverage]:
    """By tensor, what the images of `reference` and the frames of `trial` have reached."""
    graph, count, at_a_time = reference.graph, len(reference.images), images_at_a_time(reference.graph)
    goals = {node.name: _goals(graph, node) for node in graph.nodes}
    by_images: dict[str, _Seen] = {}
    for start in range(0, count, at_a_time):
        values = reference.tensors(range(start, min(start + at_a_time, count)), tuple(graph.types))
        for name, seen in _seen(graph, goals, values, values):
            by_images[name] = by_images[name] | seen if name in by_images else seen
    by_blocks = dict(_seen(graph, goals, {**trial.expected, **trial.given}, trial.expected))
    return {name: _coverage(graph, name, goals, by_images[name], by_blocks[name], trial.given) for name in graph.types}


def _goals(graph: Graph, node: Node) -> tuple[Goal, ...]:
    found: tuple[Goal, ...] = load("codesign.verification.vectors", node.op.kind).goals(
        node.op, graph.input_types(node)
    )
    return found


def _seen(
    graph: Graph,
    goals: Mapping[str, Sequence[Goal]],
    given: Mapping[str, IntArray],
    made: Mapping[str, IntArray],
) -> Iterator[tuple[str, _Seen]]:
    """What each tensor shows. Cases belong to the first output of a node."""
    for name in graph.inputs:
        yield name, _Seen(_span(made[name]), ())
    for node in graph.nodes:
        outputs = [made[name] for name in graph.output_names(node)]
        flags = tuple(goal.seen([given[name] for name in node.inputs], outputs) for goal in goals[node.name])
        for index, (name, values) in enumerate(zip(graph.output_names(node), outputs, strict=True)):
            yield name, _Seen(_span(values), () if index else flags)


def _span(values: IntArray) -> Span:
    return int(values.min()), int(values.max())


def _coverage(
    graph: Graph,
    name: str,
    goals: Mapping[str, Sequence[Goal]],
    images: _Seen,
    blocks: _Seen,
    given: Mapping[str, IntArray],
) -> Coverage:
    kind, producer = graph.types[name], graph.producers.get(name)
    own = goals[producer.name] if producer and images.flags else ()
    reachable = next((goal.span for goal in own if goal.span), (kind.lo, kind.hi))
    cases = tuple(
        Reached(
            goal.what,
            int(goal.possible.sum()),
            int((~goal.possible).sum()),
            int((by_images & goal.possible).sum()),
            int((by_blocks & goal.possible).sum()),
            int((goal.possible & ~by_images & ~by_blocks).sum()),
        )
        for goal, by_images, by_blocks in zip(own, images.flags, blocks.flags, strict=True)
    )
    spans = images.span, _joined(blocks.span, _span(given[name])) if name in given else blocks.span
    by_images, by_blocks = (_bits(kind, span) for span in spans)
    block = producer.name if producer else name
    return Coverage(block, (kind.lo, kind.hi), reachable, *spans, kind.bits, by_images, by_blocks, cases)


def _joined(a: Span, b: Span) -> Span:
    return min(a[0], b[0]), max(a[1], b[1])


def _bits(kind: TensorType, span: Span) -> int:
    """That the values of a span need where the tensor has room for all of `kind`."""
    if kind.step > 1:
        return bits_for_range(0, (span[1] - kind.lo) // kind.step)
    return bits_for_range(min(span[0], -1), span[1]) if kind.signed else bits_for_range(*span)
