"""Reads how often the bits of a simulated design change, from the SAIF file that `simulate` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codesign.errors import ToolError

TOP = ("TOP", "network", "dut")
"""Where the design's instances are."""

CLOCK = "clk_i"
OPERANDS = ("x_i", "w_i")
"""What a multiplier's module multiplies; see `mac.sv`."""

_INSTANCE = re.compile(r"^\s*\(INSTANCE (\S+)\s*$")
_BIT = re.compile(r"^\s*\((\S+) \(T0 \d+\) \(T1 (\d+)\) .*\(TC (\d+)\)\)\s*$")
_END = re.compile(r"^\s*\)\s*$")
_OPEN = re.compile(r"^\s*\(NET\s*$")


@dataclass
class Changes:
    """Sums over the signals of an instance and all below it, clocks and parameters apart, for the whole simulation.

    bits, changes: of all signals; operand_bits, operand_changes: of the inputs of multipliers. memories: those in block
    RAM; accesses: reads and writes that these were enabled for, in all.
    """

    bits: int = 0
    changes: int = 0
    operand_bits: int = 0
    operand_changes: int = 0
    memories: int = 0
    accesses: float = 0

    @property
    def each(self) -> float:
        """Changes of a bit, on average."""
        return self.changes / self.bits if self.bits else 0.0

    @property
    def each_operand(self) -> float:
        """Changes of a bit of what is multiplied."""
        return self.operand_changes / self.operand_bits if self.operand_bits else 0.0

    @property
    def each_memory(self) -> float:
        """Accesses of a memory in block RAM."""
        return self.accesses / self.memories if self.memories else 0.0

    def add(self, other: Changes) -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class _Instance:
    """The signals of one instance, bit by bit: name without its index, time at 1, and changes."""

    path: tuple[str, ...]
    signals: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def changes(file: Path) -> Mapping[str, Changes]:
    """By name, every instance right below the top of the design; the simulator's probes are left out.

    Raises ToolError if `file` is no SAIF file of a design of this package.
    """
    found: dict[str, Changes] = {}
    period = 0.0
    for instance in _instances(file):
        path = instance.path
        if path == TOP:
            ((high, flips),) = instance.signals["aclk"]
            period = 4 * high / flips if flips else 0.0
            if not period:
                break
        if len(path) > len(TOP) and path[: len(TOP)] == TOP and not path[len(TOP)].endswith("_probe"):
            found.setdefault(path[len(TOP)], Changes()).add(_changes(instance, period))
    if not found or not period:
        raise ToolError("it holds no activity of a design", where=str(file), remedy="simulate it again")
    return found


def _changes(instance: _Instance, period: float) -> Changes:
    own = {name: bits for name, bits in instance.signals.items() if name != CLOCK and name != name.upper()}
    result = Changes(bits=sum(map(len, own.values())), changes=sum(flips for bits in own.values() for _, flips in bits))
    if "sum_o" in own:
        operands = [bit for name in OPERANDS for bit in own.get(name, [])]
        result.operand_bits, result.operand_changes = len(operands), sum(flips for _, flips in operands)
    in_block = any(high for high, _ in instance.signals.get("BLOCK", ()))
    if in_block and "data_o" in own:
        enables = [name for name in ("ren_i", "wen_i", "en_i") if name in own]
        result.memories = 1
        result.accesses = sum(own[name][0][0] for name in enables) / period
    return result


def _instances(file: Path) -> Iterator[_Instance]:
    """Every instance with signals, those above before those below."""
    path: list[str] = []
    current: _Instance | None = None
    with file.open() as lines:
        for line in lines:
            if opened := _INSTANCE.match(line):
                path.append(opened[1])
            elif _OPEN.match(line):
                current = _Instance(tuple(path))
            elif bit := _BIT.match(line):
                assert current is not None
                name = bit[1].split("\\[", 1)[0]
                current.signals.setdefault(name, []).append((int(bit[2]), int(bit[3])))
            elif _END.match(line):
                if current is not None:
                    yield current
                    current = None
                elif path:
                    path.pop()
