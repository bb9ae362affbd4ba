"""Product of two maps: a multiplier a lane, and a pixel of the second input held while it serves (`mul.sv`)."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.graph.ops.mul import Mul
from codesign.graph.types import TensorType
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types, beats


@dataclass(frozen=True)
class Products:
    """Widths and counts of a block.

    pixels: of the first input that one of the second is multiplied with. spread: the second input has one channel, for
    all of the first.
    """

    a: TensorType
    b: TensorType
    folding: Folding

    @property
    def pixels(self) -> int:
        return self.a.pixels // self.b.pixels

    @property
    def spread(self) -> bool:
        return self.b.channels < self.a.channels

    @property
    def beats(self) -> int:
        """Beats of a pixel of the first input."""
        return beats(self.a.channels, self.folding.pe)

    @property
    def lanes(self) -> int:
        """Lanes of the second input."""
        return 1 if self.spread else self.folding.pe

    @property
    def held(self) -> tuple[int, int]:
        """(depth, width) of the memory that holds a pixel of the second input; no depth where it serves but once."""
        once = self.pixels == 1 and (not self.spread or self.beats == 1)
        return 0 if once else 1 if self.spread else self.beats, self.lanes * self.b.bits

    @property
    def factor_bits(self) -> tuple[int, int]:
        """Signed widths of both factors of a product."""
        return self.a.bits + (not self.a.signed), self.b.bits + (not self.b.signed)


def products(inputs: Types, folding: Folding) -> Products:
    """The products of a block, of integers that are carried as they are."""
    a, b = (kind.plain for kind in inputs)
    return Products(a, b, folding)


def foldings(op: Mul, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    return folded.foldings(folded.lane_counts(inputs[0].channels))


def lanes(op: Mul, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.pe, products(inputs, folding).lanes), (folding.pe,))


def dependence(op: Mul, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
