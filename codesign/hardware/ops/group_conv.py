"""Group convolution: a folded matrix-vector unit that works on one group after another, or on several at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.types import TensorType
from codesign.hardware import dependence as depends
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import MOST_LANES, Folding, Lanes, Types, beats, divisors
from codesign.hardware.mvu import Matrix, Mvu, made, placed
from codesign.hardware.window import Window
from codesign.hardware.window_taps import WindowTaps, in_order, sliding, variants, with_taps


@dataclass(frozen=True)
class Arrangement:
    """How a folding lies in the groups.

    Either a part of one group's outputs and inputs, or all those of `units` groups side by side: then every input beat
    is used once. passes: groups of the folding's outputs made of one vector; together: beats of a pixel that make it.
    """

    units: int
    passes: int
    together: int


def arrangement(op: GroupConv, folding: Folding) -> Arrangement:
    """How a folding that `foldings` gives lies in the groups."""
    units = max(1, folding.simd // op.group_inputs)
    passes = max(1, op.group_outputs // folding.pe)
    return Arrangement(units, passes, max(1, op.group_inputs // folding.simd))


@lru_cache(maxsize=4096)
def matrix(op: GroupConv, x: TensorType, simd: int, taps: int = 1) -> Matrix:
    """The weights, columns in the order of the window with the channels of a group."""
    lanes = min(simd, op.group_inputs)
    return Matrix(in_order(op.weight, lanes, taps), op.bias, x.plain, lanes * taps)


def unit(op: GroupConv, inputs: Types, outputs: Types, folding: Folding) -> Mvu:
    """The matrix-vector unit."""
    units = arrangement(op, folding).units
    return Mvu(matrix(op, inputs[0], folding.simd, folding.taps), outputs[0], folding, units, op.groups // units)


def window(op: GroupConv, inputs: Types, folding: Folding) -> Window | WindowTaps | None:
    """The window; None where every pixel is one."""
    if op.pointwise:
        return None
    return sliding(inputs[0].plain, folding, folding.simd, op.kernel, op.stride, op.pads)


def foldings(op: GroupConv, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """Divisors of a group's outputs and inputs; whole groups, of which only the fewest for each number of beats."""
    pes, simds = ([d for d in divisors(n) if d <= MOST_LANES] for n in (op.group_outputs, op.group_inputs))
    found = [Folding(pe, simd) for pe in pes for simd in simds]
    most = min(op.groups, MOST_LANES // max(op.group_outputs, op.group_inputs))
    units = sorted({beats(op.groups, beats(op.groups, count)) for count in range(2, most + 1)})
    found += [Folding(count * op.group_outputs, count * op.group_inputs) for count in units]
    found.sort(key=lambda f: (f.pe * f.simd // arrangement(op, f).units, f.simd))
    several = with_taps(found, inputs[0], op.kernel, lambda f: window(op, inputs, f))
    whole = made(placed(several, lambda f: unit(op, inputs, outputs, f)))
    return tuple(f for plain in whole for f in variants(plain, lambda f: window(op, inputs, f)))


def lanes(op: GroupConv, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.simd,), (unit(op, inputs, outputs, folding).out_lanes,))


def dependence(op: GroupConv, inputs: Types, outputs: Types) -> Dependence:
    """A window of its own for each group; a pointwise convolution passes group by group."""
    if op.pointwise:
        return depends.element(outputs)
    return depends.window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
