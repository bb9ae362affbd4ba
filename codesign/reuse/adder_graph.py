"""Sums of single bits as a program of look-up tables and adders: what a binary matrix becomes in hardware.

A graph computes integers from 1-bit inputs. Its nodes are in topological order and refer to each other by index:

    Input   one input bit, an unsigned word of one bit
    Join    bits side by side: wiring only
    Count   weighted sum of at most six bits, unsigned: one look-up table for each bit of the sum
    Step    base + weighted sum of at most five bits (+ carry), signed: a carry chain whose tables hold that sum as well
    Add     first + second (+ carry), or first + ~second (+ carry), signed: a carry chain

Words wrap around at their width, as hardware does: whoever makes a graph chooses widths that hold its results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

TABLE_INPUTS = 6
STEP_TERMS = TABLE_INPUTS - 1

LEAST_SHIFT = 3
"""Flip-flops behind one another, nothing reading between them, that become a shift register in look-up tables."""
SHIFT_STAGES = 16
"""Stages of such a shift register."""


@dataclass(frozen=True, order=True)
class Bit:
    """Bit `index` of node `node`'s word, or its inverse."""

    node: int
    index: int = 0
    inverted: bool = False

    def __invert__(self) -> Bit:
        return Bit(self.node, self.index, not self.inverted)


Terms = tuple[tuple[Bit, int], ...]
"""(bit, weight) pairs, of which a sum is made."""


@dataclass(frozen=True)
class Input:
    """Input `position`."""

    position: int
    width: ClassVar[int] = 1
    signed: ClassVar[bool] = False

    def bits(self) -> tuple[Bit, ...]:
        return ()


@dataclass(frozen=True)
class Join:
    """`parts` side by side, the first one lowest; with `signed`, the last one counts negative."""

    parts: tuple[Bit, ...]
    signed: bool = False

    @property
    def width(self) -> int:
        return len(self.parts)

    def bits(self) -> tuple[Bit, ...]:
        return self.parts


@dataclass(frozen=True)
class Count:
    """Sum of weight * bit over `terms` + constant, modulo 2^width."""

    terms: Terms
    constant: int
    width: int
    signed: ClassVar[bool] = False

    def bits(self) -> tuple[Bit, ...]:
        return tuple(bit for bit, _ in self.terms)


@dataclass(frozen=True)
class Step:
    """base + sum of weight * bit over `terms` + constant + carry, signed, modulo 2^width."""

    base: int
    terms: Terms
    constant: int
    carry: Bit | None
    width: int
    signed: ClassVar[bool] = True

    def bits(self) -> tuple[Bit, ...]:
        return tuple(bit for bit, _ in self.terms) + ((self.carry,) if self.carry else ())


@dataclass(frozen=True)
class Add:
    """first + second + carry, or with `negated` first + ~second + carry, signed, modulo 2^width."""

    first: int
    second: int
    negated: bool
    carry: Bit | None
    width: int
    signed: ClassVar[bool] = True

    def bits(self) -> tuple[Bit, ...]:
        return (self.carry,) if self.carry else ()


Node = Input | Join | Count | Step | Add


@dataclass(frozen=True)
class Output:
    """The integer 2 * (word of node `high`, signed) + `low`."""

    high: int
    low: Bit


class Registers(NamedTuple):
    """What the bits of a pipelined graph wait in; a shift register takes a look-up table."""

    flip_flops: int
    shift_registers: int


@dataclass(frozen=True, eq=False)
class AdderGraph:
    """inputs: how many bits come in; they are the first nodes, in order. outputs: one a channel."""

    inputs: int
    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]

    def evaluate(self, bits: NDArray[np.integer]) -> NDArray[np.int64]:
        """Outputs, (N, channels), from bits of 0 and 1, (N, inputs)."""
        words: list[NDArray[np.int64]] = []

        def value(bit: Bit) -> NDArray[np.int64]:
            return (words[bit.node] >> bit.index & 1) ^ int(bit.inverted)

        def weighted(terms: Terms) -> NDArray[np.int64]:
            return sum((weight * value(bit) for bit, weight in terms), start=np.zeros(len(bits), np.int64))

        for node in self.nodes:
            match node:
                case Input(position):
                    word = bits[:, position].astype(np.int64)
                case Join(parts, signed):
                    word = weighted(tuple((bit, 1 << place) for place, bit in enumerate(parts)))
                    word = _wrap(word, len(parts)) if signed else word
                case Count(terms, constant, width):
                    word = (weighted(terms) + constant) & ((1 << width) - 1)
                case Step(base, terms, constant, carry, width):
                    word = _wrap(words[base] + weighted(terms) + constant + (value(carry) if carry else 0), width)
                case Add(first, second, negated, carry, width):
                    other = ~words[second] if negated else words[second]
                    word = _wrap(words[first] + other + (value(carry) if carry else 0), width)
            words.append(word)
        return np.stack([2 * words[output.high] + value(output.low) for output in self.outputs], axis=1)

    def pruned(self) -> AdderGraph:
        """Without the nodes that no output needs; all inputs stay."""
        needed = set(range(self.inputs)) | {index for out in self.outputs for index in (out.high, out.low.node)}
        for index in reversed(range(len(self.nodes))):
            if index in needed:
                needed.update(operands(self.nodes[index]))
        place = {old: new for new, old in enumerate(sorted(needed))}

        def bit(old: Bit) -> Bit:
            return replace(old, node=place[old.node])

        def terms(old: Terms) -> Terms:
            return tuple((bit(part), weight) for part, weight in old)

        def node(old: Node) -> Node:
            match old:
                case Join(parts):
                    return replace(old, parts=tuple(map(bit, parts)))
                case Count():
                    return replace(old, terms=terms(old.terms))
                case Step(base):
                    return replace(old, base=place[base], terms=terms(old.terms), carry=old.carry and bit(old.carry))
                case Add(first, second):
                    return replace(old, first=place[first], second=place[second], carry=old.carry and bit(old.carry))
            return old

        nodes = tuple(node(self.nodes[old]) for old in sorted(needed))
        return AdderGraph(self.inputs, nodes, tuple(Output(place[out.high], bit(out.low)) for out in self.outputs))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Look-up tables and carry chains between the inputs and each node, its own included."""
        found: list[int] = []
        for node in self.nodes:
            above = max((found[index] for index in operands(node)), default=0)
            found.append(above + (not isinstance(node, (Input, Join))))
        return tuple(found)

    @property
    def depth(self) -> int:
        """Levels from the inputs to the deepest output."""
        return max(max(self.levels[output.high], self.levels[output.low.node]) for output in self.outputs)

    def latency_cycles(self, levels_a_stage: int | None) -> int:
        """Cycles from inputs to outputs: registers lie after every `levels_a_stage` levels, none after the last."""
        return stage_of(self.depth, levels_a_stage)

    def last_stages(self, levels_a_stage: int | None) -> tuple[int, ...]:
        """By node, the stage of registers until which its word is needed."""
        stages = [stage_of(level, levels_a_stage) for level in self.levels]
        last = list(stages)
        for index, node in enumerate(self.nodes):
            for operand in operands(node):
                last[operand] = max(last[operand], stages[index])
        for output in self.outputs:
            for operand in (output.high, output.low.node):
                last[operand] = self.latency_cycles(levels_a_stage)
        return tuple(last)

    def registers(self, levels_a_stage: int | None, behind: int = 0) -> Registers:
        """What bits wait in for the stages that read them, and outputs in so many more registers `behind` the graph."""
        last = self.latency_cycles(levels_a_stage) + behind
        read: dict[tuple[int, int], set[int]] = {}
        for node, level in zip(self.nodes, self.levels, strict=True):
            for bit in self._bits_read(node):
                read.setdefault(bit, set()).add(stage_of(level, levels_a_stage))
        for output in self.outputs:
            for bit in (*self._word(output.high), (output.low.node, output.low.index)):
                read.setdefault(bit, set()).add(last)
        waits = [
            until - since
            for (index, _), stages in read.items()
            for since, until in pairwise(sorted(stages | {stage_of(self.levels[index], levels_a_stage)}))
        ]
        return Registers(
            flip_flops=sum(wait for wait in waits if wait < LEAST_SHIFT),
            shift_registers=sum(-(-wait // SHIFT_STAGES) for wait in waits if wait >= LEAST_SHIFT),
        )

    def _bits_read(self, node: Node) -> Iterator[tuple[int, int]]:
        """Bits (node, index) that `node` reads; words of adders whole."""
        yield from ((bit.node, bit.index) for bit in node.bits())
        for word in _words(node):
            yield from self._word(word)

    def _word(self, index: int) -> Iterator[tuple[int, int]]:
        return ((index, place) for place in range(self.nodes[index].width))

    @cached_property
    def used(self) -> Counter[tuple[int, int]]:
        """How often each bit (node, index) of a word is read by tables or leaves the graph; words of adders whole."""
        read: Counter[tuple[int, int]] = Counter()
        for node in self.nodes:
            read.update(self._bits_read(node))
        for output in self.outputs:
            read[output.low.node, output.low.index] += 1
            read.update(self._word(output.high))
        return read

    @property
    def lut(self) -> int:
        """Estimate of the LUTs this takes: one for every used bit of a count, and for every bit of a carry chain whose
        table does more than hand on a bit of the base."""
        total = 0
        for index, node in enumerate(self.nodes):
            match node:
                case Count(terms, constant, width):
                    varies = _varying(terms, constant, width)
                    total += sum(varies[place] and (index, place) in self.used for place in range(width))
                case Step(_, terms, constant, _, width):
                    sums = _sums(terms, constant)
                    total += sum(bool((sums >> place & 1).any()) for place in range(width))
                case Add():
                    total += node.width
        return total


def _sums(terms: Terms, constant: int) -> NDArray[np.int64]:
    """All sums that `terms` + constant can make."""
    sums = np.array([constant], np.int64)
    for _, weight in terms:
        sums = np.concatenate([sums, sums + weight])
    return sums


def _varying(terms: Terms, constant: int, width: int) -> list[bool]:
    """Which of the low bits of `terms` + constant are no constants."""
    sums = _sums(terms, constant)
    return [len(np.unique(sums >> place & 1)) > 1 for place in range(width)]


def stage_of(level: int, levels_a_stage: int | None) -> int:
    """The stage in which a node of that level is computed."""
    return max(level - 1, 0) // levels_a_stage if levels_a_stage else 0


def operands(node: Node) -> Iterator[int]:
    """Indices of the nodes that `node` reads."""
    yield from _words(node)
    yield from (bit.node for bit in node.bits())


def _words(node: Node) -> tuple[int, ...]:
    match node:
        case Step(base):
            return (base,)
        case Add(first, second):
            return first, second
    return ()


def _wrap(word: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """`word` modulo 2^width, two's complement."""
    half = 1 << (width - 1)
    return ((word + half) & ((1 << width) - 1)) - half
