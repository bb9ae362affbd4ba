"""Depthwise convolution: `lanes` channels at once, a tap a cycle (`depthwise.sv`) or several (`conv.sv`)."""

from __future__ import annotations

from codesign.graph.ops.depthwise import Depthwise
from codesign.hardware import dependence as depends
from codesign.hardware import lanes as folded
from codesign.hardware import mvu, vvu
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.mvu import Matrix, Mvu
from codesign.hardware.vvu import Vvu
from codesign.hardware.window import Window
from codesign.hardware.window import sliding as one_by_one
from codesign.hardware.window_taps import WindowTaps, in_order, sliding, variants, with_taps


def window(op: Depthwise, inputs: Types, folding: Folding) -> Window | WindowTaps:
    """The window."""
    return sliding(inputs[0].plain, folding, folding.pe, op.kernel, op.stride, op.pads)


def unit(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Vvu | Mvu:
    """The unit behind the window: one of groups of a channel each, as many side by side, where several taps come."""
    return matrix_unit(op, inputs, outputs, folding) if folding.taps > 1 else vector_unit(op, inputs, outputs, folding)


def vector_unit(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Vvu:
    """The unit that takes a tap at a time, with its window."""
    x = inputs[0].plain
    taps = one_by_one(x, folding, folding.pe, op.kernel, op.stride, op.pads)
    return Vvu(op.weight.reshape(op.weight.shape[0], -1), op.bias, taps, outputs[0], folding.weights)


def matrix_unit(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Mvu:
    """The unit that takes several taps at a time."""
    matrix = Matrix(in_order(op.weight, 1, folding.taps), op.bias, inputs[0].plain, folding.taps)
    return Mvu(matrix, outputs[0], folding, folding.pe, -(-inputs[0].channels // folding.pe))


def foldings(op: Depthwise, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    plain = folded.foldings(folded.lane_counts(inputs[0].channels))
    several = [f for f in with_taps(plain, inputs[0], op.kernel, lambda f: window(op, inputs, f)) if f.taps > 1]
    made = mvu.made(mvu.placed(several, lambda f: matrix_unit(op, inputs, outputs, f)))
    return (
        *vvu.placed(plain, lambda f: vector_unit(op, inputs, outputs, f)),
        *(f for whole in made for f in variants(whole, lambda f: window(op, inputs, f))),
    )


def lanes(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    if folding.taps == 1:
        return folded.uniform(folding)
    return Lanes((folding.pe,), (matrix_unit(op, inputs, outputs, folding).out_lanes,))


def dependence(op: Depthwise, inputs: Types, outputs: Types) -> Dependence:
    """A window of its own for each group of channels."""
    return depends.window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
