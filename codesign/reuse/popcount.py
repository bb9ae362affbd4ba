"""Adds up bits with counters of at most six inputs, and builds adder graphs without equal nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from codesign.reuse.adder_graph import STEP_TERMS, TABLE_INPUTS, Add, Bit, Count, Input, Join, Node, Step, operands

STEP_BITS = STEP_TERMS + 1
"""How many single bits a step adds: all but one go through its tables."""
GATHERED = 2**STEP_TERMS - 1
"""Most bits that are gathered for the tables of one step."""
STEPPED = GATHERED + 1

Columns = dict[int, list[Bit]]
"""Bits to be added, by the power of two that each stands for."""


class Builder:
    """Collects nodes; a node that is there already is not added again."""

    def __init__(self, inputs: int) -> None:
        self.nodes: list[Node] = [Input(position) for position in range(inputs)]
        self.levels = [0] * inputs
        self._index: dict[Node, int] = {node: index for index, node in enumerate(self.nodes)}

    def add(self, node: Node) -> int:
        """Index of `node`."""
        if node not in self._index:
            self._index[node] = len(self.nodes)
            above = max((self.levels[index] for index in operands(node)), default=0)
            self.levels.append(above + (not isinstance(node, (Input, Join))))
            self.nodes.append(node)
        return self._index[node]

    def count(self, low: Iterable[Bit], high: Iterable[Bit] = ()) -> list[Bit]:
        """The bits, lowest first, of the sum of `low` and of `high`, which count twice."""
        terms = [(bit, 1) for bit in low] + [(bit, 2) for bit in high]
        return self.table(terms, 0, sum(weight for _, weight in terms).bit_length())

    def table(self, terms: Iterable[tuple[Bit, int]], constant: int, width: int) -> list[Bit]:
        """The bits, lowest first, of the sum of `terms` + constant, modulo 2^width."""
        index = self.add(Count(tuple(sorted(terms)), constant, width))
        return [Bit(index, place) for place in range(width)]

    def level(self, bit: Bit) -> int:
        return self.levels[bit.node]

    def reduce(self, columns: Columns, spare: int, alone: int = 0) -> None:
        """Counts bits of `columns`, in place, until `alone` columns from the lowest on have one bit each, and the
        others together at most `spare` bits more than columns."""
        while True:
            lowest = next((power for power in range(alone) if len(columns.get(power, ())) > 1), None)
            over = sum(len(bits) - 1 for power, bits in columns.items() if power >= alone and bits)
            if lowest is None and over <= spare:
                return
            self._count_once(columns, lowest)

    def _count_once(self, columns: Columns, power: int | None) -> None:
        """Replaces some bits of the column `power`, or where it saves most for each table, by their count."""
        powers = [power] if power is not None else [p for p in sorted(columns) if len(columns[p]) > 1]
        low, high, power = max(
            ((*_counter(len(columns.get(p, ())), len(columns.get(p + 1, ()))), p) for p in powers),
            key=lambda option: (_saving(option[0], option[1]), -option[2]),
        )
        taken = [_earliest(self, columns[power], low), _earliest(self, columns.get(power + 1, []), high)]
        for place, bit in enumerate(self.count(*taken)):
            columns.setdefault(power + place, []).append(bit)

    def sum(self, columns: Columns, constant: int, width: int, carry: Bit | None = None) -> int:
        """A signed word of `width` bits: the sum of `columns`, 0 to the highest without a gap, + constant + carry."""
        self.reduce(columns, STEP_TERMS)
        base, terms = [], []
        for power in sorted(columns):
            latest, *others = sorted(columns[power], key=lambda bit: (bit.inverted, -self.level(bit)))
            base.append(latest)
            terms += [(bit, 1 << power) for bit in others]
        return self.step(self.add(Join(tuple(base))), terms, constant, carry, width)

    def gather(self, bits: list[Bit]) -> list[tuple[Bit, int]]:
        """At most five weighted bits with the same sum as `bits`, of which there are at most `GATHERED`."""
        direct = _direct(len(bits))
        counted = bits[direct:]
        terms = [(bit, 1) for bit in bits[:direct]]
        if not counted:
            return terms
        word = self.count(counted[:TABLE_INPUTS])
        for start in range(TABLE_INPUTS, len(counted), STEP_BITS):
            taken = counted[start : start + STEP_BITS]
            width = (start + len(taken)).bit_length()
            index = self.step_by(self.add(Join(tuple(word))), taken, 0, width)
            word = [Bit(index, place) for place in range(width)]
        return terms + [(bit, 1 << place) for place, bit in enumerate(word)]

    def step_by(self, base: int, bits: list[Bit], constant: int, width: int) -> int:
        """base + sum of `bits`, at most `STEPPED`, + constant: one bit goes into the carry, the others are gathered."""
        carry = min(bits, key=lambda bit: (bit.inverted, bits.index(bit)))
        return self.step(base, self.gather([bit for bit in bits if bit != carry]), constant, carry, width)

    def step(self, base: int, terms: Iterable[tuple[Bit, int]], constant: int, carry: Bit | None, width: int) -> int:
        return self.add(Step(base, tuple(sorted(terms)), constant, carry, width))

    def plus(self, first: int, second: int, negated: bool, carry: Bit | None, width: int) -> int:
        return self.add(Add(first, second, negated, carry, width))


def gather_price(number: int) -> int:
    """Tables that `Builder.gather` takes for so many bits."""
    counted = number - _direct(number)
    further = [min(STEP_BITS, counted - start) for start in range(TABLE_INPUTS, counted, STEP_BITS)]
    return min(counted, TABLE_INPUTS).bit_length() + sum((size - 1).bit_length() for size in further)


def _direct(number: int) -> int:
    """How many of so many bits a step takes as they are, beside the word that counts the others."""
    if number <= STEP_TERMS:
        return number
    return next(direct for direct in (3, 2, 1, 0) if direct + (number - direct).bit_length() <= STEP_TERMS)


def columns_of(bits: Iterable[Bit]) -> Columns:
    """`bits`, each of weight one."""
    columns: Columns = defaultdict(list)
    columns[0] = list(bits)
    return columns


def _counter(here: int, above: int) -> tuple[int, int]:
    """How many bits of a column and of the next one the best counter takes."""
    if here >= TABLE_INPUTS:
        return TABLE_INPUTS, 0
    if here == 5:
        return 5, min(above, 1)
    if here >= 3 and above >= 2:
        return 3, 2
    return min(here, 3), 0


def _saving(low: int, high: int) -> float:
    """Bits that a counter takes away, for each of its tables."""
    tables = (low + 2 * high).bit_length()
    return (low + high - tables) / tables if tables else -1.0


def _earliest(builder: Builder, bits: list[Bit], number: int) -> list[Bit]:
    """Takes the `number` bits that are there first out of `bits`."""
    bits.sort(key=builder.level)
    taken, bits[:] = bits[:number], bits[number:]
    return taken
