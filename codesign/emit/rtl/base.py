"""What an operator's part in this package returns: one instance of a module of the RTL library.

The part of operator X is `emit/rtl/ops/x.py` with one pure function

    block(name, op, inputs, outputs, folding) -> Block

where `inputs` and `outputs` are the tensor types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from codesign import quoting
from codesign.emit import templating
from codesign.graph.op import IntArray
from codesign.graph.types import TensorType

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Port:
    """A stream port: `lanes` integers of `bits` bits a beat, lane 0 in the low bits.

    A frame passes pixel by pixel in raster order, the channels of a pixel in `ceil(C / lanes)` beats; lanes past the
    last channel are not looked at by the reader. What a lane holds stands for `base + step *` it.
    """

    lanes: int
    bits: int
    signed: bool
    base: int = 0
    step: int = 1

    @classmethod
    def of(cls, kind: TensorType, lanes: int) -> Port:
        """The port through which a tensor of type `kind` passes."""
        return cls(lanes, kind.bits, kind.signed, kind.base, kind.step)

    @property
    def width(self) -> int:
        return self.lanes * self.bits


@dataclass(frozen=True, eq=False)
class Memory:
    """Contents of a memory file for `$readmemh`: `words` (depth, lanes) integers of `bits` bits, lane 0 low."""

    file: str
    words: IntArray
    bits: int

    def text(self) -> str:
        """One hexadecimal word a line."""
        mask = (1 << self.bits) - 1
        digits = -(-self.words.shape[1] * self.bits // 4)
        lines = []
        for row in self.words.tolist():
            word = sum((int(value) & mask) << (lane * self.bits) for lane, value in enumerate(row))
            lines.append(f"{word:0{digits}x}")
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        (folder / self.file).write_text(self.text())


@dataclass(frozen=True)
class Source:
    """A module that no library has: SystemVerilog of this very network."""

    module: str
    text: str

    def write(self, folder: Path) -> None:
        (folder / f"{self.module}.sv").write_text(self.text)


@dataclass(frozen=True, eq=False)
class WeightStream:
    """Weights that a block reads from memory, again and again in this order.

    units: (count, pe) integers of `field_bits` bits each; the `pe` fields of a unit come at once. port_words: bus words
    that the block's end of `weight_reader` holds.
    """

    units: IntArray
    field_bits: int
    port_words: int

    @property
    def unit_bits(self) -> int:
        return int(self.units.shape[1]) * self.field_bits


@dataclass(frozen=True, eq=False)
class Block:
    """An instance of library module `module`, or of one of `sources`: parameters, ports in the order in0, in1, ...,
    out0, ..., memories.

    Parameters whose name ends in `_FILE` are strings: names of memory files, taken relative to the memory folder.
    weights: what comes through the port behind those of the tensors; None if the block has none from memory.
    """

    module: str
    parameters: Mapping[str, int | str]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    memories: tuple[Memory, ...] = field(default=())
    sources: tuple[Source, ...] = ()
    weights: WeightStream | None = None


def literal(value: int | str) -> str:
    """A parameter's value in SystemVerilog; integers beyond 32 bits get a size."""
    if isinstance(value, str):
        return quoting.string(value)
    number = int(value)
    return str(number) if -(2**31) < number < 2**31 else f"{max(64, number.bit_length())}'h{number:x}"


def template(name: str) -> jinja2.Template:
    """A template of this package; a name that it is not given is an error."""
    return templating.template(TEMPLATES, name)
