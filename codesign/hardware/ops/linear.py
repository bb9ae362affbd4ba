"""Fully connected layer: a folded matrix-vector unit over the beats of a frame (`linear.sv`)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from codesign.graph.ops.linear import Linear
from codesign.graph.types import TensorType
from codesign.hardware import mvu
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.mvu import Matrix, Mvu


@lru_cache(maxsize=256)
def matrix(op: Linear, x: TensorType, simd: int) -> Matrix:
    """The weights: columns in the stream's order (y, x, c), the channels padded to whole beats."""
    weight = op.weight.reshape(op.weight.shape[0], *x.shape)
    padded = np.pad(weight, ((0, 0), (0, -x.channels % simd), (0, 0), (0, 0)))
    return Matrix(padded.transpose(0, 2, 3, 1).reshape(op.weight.shape[0], -1), op.bias, x.plain, simd)


def unit(op: Linear, inputs: Types, outputs: Types, folding: Folding) -> Mvu:
    """The matrix-vector unit."""
    return Mvu(matrix(op, inputs[0], folding.simd), outputs[0], folding)


def foldings(op: Linear, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = mvu.foldings(outputs[0].channels, inputs[0].channels)
    return mvu.made(mvu.placed(found, lambda f: unit(op, inputs, outputs, f)))


def lanes(op: Linear, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.simd,), (unit(op, inputs, outputs, folding).out_lanes,))


def dependence(op: Linear, inputs: Types, outputs: Types) -> Dependence:
    """The whole frame is waited for."""
    return Dependence(np.array([inputs[0].pixels - 1]), whole=True, ahead=True)
