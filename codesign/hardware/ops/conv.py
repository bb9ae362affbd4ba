"""Dense convolution: a folded matrix-vector unit, behind a window where the kernel is larger than 1x1 or strides."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from codesign.graph.ops.conv import Conv
from codesign.graph.types import TensorType
from codesign.hardware import dependence as depends
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.mvu import Matrix, Mvu, made, placed
from codesign.hardware.mvu import foldings as mvu_foldings
from codesign.hardware.window import Window
from codesign.hardware.window_taps import WindowTaps, in_order, sliding, variants, with_taps


@lru_cache(maxsize=4096)
def matrix(op: Conv, x: TensorType, simd: int, taps: int = 1) -> Matrix:
    """The weights, columns in the order of the window."""
    return Matrix(in_order(op.weight, simd, taps), op.bias, x.plain, simd * taps)


def unit(op: Conv, inputs: Types, outputs: Types, folding: Folding) -> Mvu:
    """The matrix-vector unit."""
    return Mvu(matrix(op, inputs[0], folding.simd, folding.taps), outputs[0], folding)


def window(op: Conv, inputs: Types, folding: Folding) -> Window | WindowTaps | None:
    """The window; None where every pixel is one."""
    if op.pointwise:
        return None
    return sliding(inputs[0].plain, folding, folding.simd, op.kernel, op.stride, op.pads)


def foldings(op: Conv, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    plain = mvu_foldings(outputs[0].channels, inputs[0].channels)
    several = with_taps(plain, inputs[0], op.kernel, lambda f: window(op, inputs, f))
    found = made(placed(several, lambda f: unit(op, inputs, outputs, f)))
    return tuple(f for whole in found for f in variants(whole, lambda f: window(op, inputs, f)))


def lanes(op: Conv, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.simd,), (unit(op, inputs, outputs, folding).out_lanes,))


def dependence(op: Conv, inputs: Types, outputs: Types) -> Dependence:
    """All channels of the last tap must be there; a pointwise convolution keeps no pixels."""
    found = depends.window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
    return replace(found, ahead=not op.pointwise)
