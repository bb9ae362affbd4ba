"""Adder graphs of binary matrices: channels that share what they have in common.

The inputs are divided into slices. Within a slice a channel is known by its weights there, up to their sign, and the
channels follow from one another along a spanning tree, as in `mst.py`; the sums of a channel's slices are added. Three
things make that cheap in 6-input tables:

- all channels' sums over the same inputs have the same lowest bit, the parity of the inputs, or its inverse. It is
  computed once, and only the bits above it, one fewer, are added up for each channel.
- a carry chain that adds two words reads two bits in each of its tables. One that adds a word and up to five bits of
  any weight, and one in the carry, needs no other table: a channel that differs from its parent in five weights
  costs no more than in one.
- bits of a chain above those of what it adds need no table, as long as that is not negative: all but the last of the
  steps from a channel to the next cost only as many tables as the sum of their bits has.

In +-1 arithmetic, y = sum of w x = 2 Z + e with e = 1 for an odd number of inputs, else 0; a node holds U of
Z = 2 U + l, where the bit l is the parity. Adding d differing weights: Z' = Z - d + 2 p, p of the d products being +1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codesign.errors import ScheduleError
from codesign.reuse.adder_graph import STEP_TERMS, TABLE_INPUTS, AdderGraph, Bit, Join, Output
from codesign.reuse.mst import hamming, signs
from codesign.reuse.popcount import GATHERED, STEP_BITS, STEPPED, Builder, columns_of, gather_price
from codesign.reuse.slices import Slices, even_slices, exchanged
from codesign.reuse.spanning import spanning_tree, top_down

Signs = NDArray[np.int8]

LENGTHS = (62, 36, 30, 26, 22, 18, 14, 10, 6)
"""Lengths of slices that are tried, besides a single slice."""
TREE_DEPTHS = (1, 2, 3, 4, 6, 8, None)
"""Bounds of the depth of a slice's tree that are tried where the graph's depth is bounded; the deeper, the cheaper."""
FINALISTS = 3
"""How many plans have their slices improved."""
TRIALS = 1000
"""Exchanges of inputs between slices that are tried to improve a plan."""

FEW_LENGTHS = (144, 62, 30)
FEW_TREE_DEPTHS = (2, 4, None)
"""The same where a graph must be found in seconds."""


@dataclass(frozen=True)
class Plan:
    """How a graph is made. slices: parts of the inputs. max_depth: of the tree in a slice. centres: vertices beside the
    channels, each the majority of those nearest to it. flat: see `step_sizes`."""

    slices: Slices
    max_depth: int | None = None
    centres: int = 0
    flat: bool = False


@dataclass(frozen=True)
class Word:
    """The sum over some inputs: Z = 2 * (node `high`) + `low`, or its opposite -Z (with odd inputs, -Z - 1)."""

    high: int
    low: Bit
    inputs: int
    opposite: bool = False


def shared_graph(weight: ArrayLike, max_depth: int | None = None, trials: int = TRIALS) -> AdderGraph:
    """The adder graph of fewest LUTs, by its own estimate, among those found for `weight`, (C, n) of +-1.

    Its outputs are (y - e) / 2 for y = sum of w x over x = +-1, e = n modulo 2; `offset` makes popcounts of them.
    max_depth: most levels of tables and carry chains. Raises GraphError for other weights, ScheduleError if no graph
    is shallow enough.
    """
    matrix = signs(weight)
    inputs = matrix.shape[1]
    counts = sorted({1, *(max(1, min(ceil(inputs / length), inputs // 2)) for length in LENGTHS)})
    found = [_best(matrix, even_slices(inputs, count), max_depth) for count in counts]
    fitting = sorted((pair for pair in found if pair), key=lambda pair: pair[1].lut)
    if not fitting:
        raise ScheduleError(f"no graph of depth {max_depth} was found for {inputs} inputs", remedy="allow more levels")
    better = [
        _best(matrix, exchanged(matrix, plan.slices, prices, trials), max_depth) for plan, _ in fitting[:FINALISTS]
    ]
    return min((pair[1] for pair in (*fitting, *better) if pair), key=lambda graph: (graph.lut, graph.depth))


def pipelined_graph(weight: ArrayLike, levels_a_stage: int) -> AdderGraph:
    """The adder graph of `weight`, (C, n) of +-1, that takes least with a register after every so many levels.

    Of few plans, so that it takes seconds where `shared_graph` takes minutes; two flip-flops count as one LUT, beside
    which they lie. Raises GraphError for other weights.
    """
    matrix = signs(weight)
    inputs = matrix.shape[1]
    counts = sorted({max(1, min(ceil(inputs / length), inputs // 2)) for length in FEW_LENGTHS})
    slices = [even_slices(inputs, count) for count in counts]
    plans = (Plan(*plan) for plan in product(slices, FEW_TREE_DEPTHS, (0, 1), (False, True)))

    def price(graph: AdderGraph) -> tuple[int, int]:
        waiting = graph.registers(levels_a_stage)
        return graph.lut + waiting.shift_registers + waiting.flip_flops // 2, graph.depth

    return min((build(matrix, plan) for plan in plans), key=price)


def _best(weight: Signs, slices: Slices, max_depth: int | None) -> tuple[Plan, AdderGraph] | None:
    """The cheapest graph with these slices that is no deeper than max_depth, and how it was made."""
    found = []
    for centres, flat in product((0, 1), (False, True)):
        for tree_depth in TREE_DEPTHS if max_depth is not None else (None,):
            plan = Plan(slices, tree_depth, centres, flat)
            graph = build(weight, plan)
            if max_depth is not None and graph.depth > max_depth:
                break
            found.append((plan, graph))
    return min(found, key=lambda pair: (pair[1].lut, pair[1].depth), default=None)


def build(weight: Signs, plan: Plan) -> AdderGraph:
    """The adder graph of `weight`, int8 (C, n) of +-1, made as `plan` says; at most one slice may be odd.

    Its outputs are (y - e) / 2 for y = sum of w x over x = +-1; see `offset`.
    """
    builder = Builder(weight.shape[1])
    parts = [_slice(builder, weight, np.array(part), plan, index == 0) for index, part in enumerate(plan.slices)]
    outputs = []
    for words in zip(*parts, strict=True):
        found = _total(builder, list(words))
        assert not found.opposite
        outputs.append(Output(found.high, found.low))
    return AdderGraph(weight.shape[1], tuple(builder.nodes), tuple(outputs)).pruned()


def offset(inputs: int) -> int:
    """What is added to an output for the popcount of xnor(x, w)."""
    return (inputs + 1) // 2


def _slice(builder: Builder, weight: Signs, part: NDArray[np.int64], plan: Plan, keeps_sign: bool) -> list[Word]:
    """The words of all channels over the inputs `part`; none is an opposite if keeps_sign."""
    if len(part) <= TABLE_INPUTS:
        return _tables(builder, weight[:, part], part, keeps_sign)
    unique, channel_of = np.unique(weight[:, part], axis=0, return_inverse=True)
    rows = _with_centres(unique, plan.centres)
    distance = hamming(rows)
    inputs = len(part)
    nearest = distance if keeps_sign else np.minimum(distance, inputs - distance)
    parent = spanning_tree(prices(inputs, plan.flat)[nearest], plan.max_depth)
    parent, rows, kept = _without_idle(parent, rows, len(unique))
    words: dict[int, Word] = {}
    for row in top_down(parent):
        above = int(parent[row])
        if above < 0:
            words[row] = _root(builder, part, rows[row])
            continue
        differs = rows[row] != rows[above]
        flip = not keeps_sign and 2 * int(differs.sum()) > inputs
        if flip:
            differs = ~differs
        opposite = words[above].opposite != flip
        target = -rows[row] if opposite else rows[row]
        words[row] = _child(builder, words[above], part[differs], target[differs], opposite, plan.flat)
    return [words[kept[index]] for index in channel_of]


def _tables(builder: Builder, weight: Signs, part: NDArray[np.int64], keeps_sign: bool) -> list[Word]:
    """The words of all channels over so few inputs that each bit of a word is one table."""
    inputs = len(part)
    words: list[Word] = []
    for row in weight:
        opposite = not keeps_sign and row[0] < 0
        products = _products(part, -row if opposite else row)
        terms = [(bit, 1) for bit in products]
        bits = builder.table(terms, -((inputs + 1) // 2), width(inputs) + 1)
        high = builder.add(Join(tuple(bits[1:]), signed=True))
        low = bits[0] if not words else words[0].low
        if words and (int(row @ weight[0]) - inputs) // 2 % 2 != (inputs % 2 and opposite != words[0].opposite):
            low = ~low
        words.append(Word(high, low, inputs, opposite))
    return words


def _root(builder: Builder, part: NDArray[np.int64], weights: Signs) -> Word:
    """The sum over all of a slice."""
    inputs = len(part)
    constant = (inputs + 1) // 2
    columns = columns_of(_products(part, weights))
    builder.reduce(columns, STEP_TERMS, alone=1)
    low = columns.pop(0)[0]
    above = {power - 1: bits for power, bits in columns.items()}
    carry = low if constant % 2 else None
    high = builder.sum(above, -((constant + 1) // 2), width(inputs), carry)
    return Word(high, ~low if constant % 2 else low, inputs)


def _child(
    builder: Builder, parent: Word, where: NDArray[np.int64], weights: Signs, opposite: bool, flat: bool
) -> Word:
    """The sum that differs from its parent's in the inputs `where`, whose weights are given."""
    differing, bits = len(where), width(parent.inputs)
    if not differing:
        return Word(parent.high, parent.low, parent.inputs, opposite)
    products = _products(where, weights)
    node, constant = parent.high, -((differing + 1) // 2)
    *before, _ = step_sizes(differing, flat)
    for size in before:
        taken, products = products[:size], products[size:]
        node = builder.step_by(node, taken, 0, bits)
    if differing % 2:
        node = builder.step(node, builder.gather(products), constant, parent.low, bits)
    else:
        node = builder.step_by(node, products, constant, bits)
    return Word(node, ~parent.low if differing % 2 else parent.low, parent.inputs, opposite)


def _products(where: NDArray[np.int64], weights: Signs) -> list[Bit]:
    """xnor of inputs and weights."""
    return [Bit(int(position), 0, bool(weight < 0)) for position, weight in zip(where, weights, strict=True)]


def _total(builder: Builder, words: list[Word]) -> Word:
    """The sum of a channel's slices, added in pairs; the first is no opposite."""
    while len(words) > 1:
        pairs = [words[index : index + 2] for index in range(0, len(words), 2)]
        words = [reduce(lambda a, b: _plus(builder, a, b), pair) for pair in pairs]
    return words[0]


def _plus(builder: Builder, first: Word, second: Word) -> Word:
    """first + second; an opposite if the first is one, for then the opposite of both is added."""
    negated = first.opposite != second.opposite
    inputs = first.inputs + second.inputs
    low = ~second.low if negated else second.low
    # Of an odd slice, the opposite of Z = (y - 1) / 2 is ~Z; of an even one, ~Z + 1.
    extra = negated and second.inputs % 2 == 0
    pair = builder.count(sorted((first.low, low))) if not extra else None
    if pair is not None:
        lowest, carry = pair[0], pair[1]
    else:
        opposite = builder.count(sorted((~first.low, ~low)))
        lowest, carry = ~opposite[0], ~opposite[1]
    high = builder.plus(first.high, second.high, negated, carry, width(inputs))
    return Word(high, lowest, inputs, first.opposite)


def width(inputs: int) -> int:
    """Bits of U for a sum over `inputs`: signed, from floor(-inputs / 4) on."""
    least = -((inputs + 1) // 2)
    return 1 + max((-(least // 2) - 1).bit_length(), ((inputs // 2) // 2).bit_length())


@cache
def prices(inputs: int, flat: bool = False) -> NDArray[np.int64]:
    """Tables for a channel that differs from its parent in 0, 1, ... `inputs` weights of a slice of so many."""
    return np.array([step_price(differing, width(inputs), flat) for differing in range(inputs + 1)])


def step_price(differing: int, bits: int, flat: bool) -> int:
    """Tables for a channel that differs from its parent in so many weights, its word having `bits` bits."""
    if not differing:
        return 0
    *before, last = step_sizes(differing, flat)
    gathered = last - (differing % 2 == 0)
    return sum(gather_price(size - 1) + (size - 1).bit_length() for size in before) + gather_price(gathered) + bits


def step_sizes(differing: int, flat: bool) -> tuple[int, ...]:
    """How many differing bits each step from a channel to the next takes.

    flat: as few steps as can be, the bits having been counted beside the way from parent to child; else with the
    fewest tables, six bits a step but for the last one, which may have three more. An odd number leaves the carry of
    the last step to the parent's lowest bit.
    """
    most = STEPPED if flat else STEP_BITS
    last = (GATHERED if flat else STEP_TERMS + 3) + (differing % 2 == 0)
    full = max(0, -(-(differing - last) // most))
    return (*(most,) * full, differing - most * full)


def _with_centres(rows: Signs, centres: int) -> Signs:
    """`rows` and the majorities of `centres` groups of them, each row being in the group whose majority is nearest."""
    if not centres or len(rows) < 3:
        return rows
    middle = rows[np.linspace(0, len(rows) - 1, centres).astype(int)]
    for _ in range(10):
        group = np.argmax(rows.astype(np.int64) @ middle.T.astype(np.int64), axis=1)
        votes = [rows[group == index].sum(axis=0) for index in range(centres)]
        middle = np.array([np.where(vote < 0, -1, 1) for vote in votes], np.int8)
    return np.concatenate([rows, np.array([row for row in np.unique(middle, axis=0)], np.int8)])


def _without_idle(
    parent: NDArray[np.int64], rows: Signs, needed: int
) -> tuple[NDArray[np.int64], Signs, NDArray[np.int64]]:
    """Takes leaves that are no channel out of a tree whose first `needed` vertices are channels.

    Returns parents, rows, and the new index of each channel.
    """
    keep = np.ones(len(parent), bool)
    while True:
        leaf = keep & ~np.isin(np.arange(len(parent)), parent[keep])
        leaf[:needed] = False
        if not leaf.any():
            break
        keep &= ~leaf
    place = np.cumsum(keep) - 1
    above = parent[keep]
    return np.where(above >= 0, place[above], -1), rows[keep], place[:needed]
