"""Binary convolution, in two forms.

Folded: `mvu` counts, for `pe` outputs, in how many of `simd` inputs a cycle the input equals its weight. Wired
(`Folding.weights`): an adder graph takes a whole window a cycle; the weights are in its wires.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware import dependence as depends
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import MOST_LANES, Folding, Lanes, Types, divisors
from codesign.hardware.mvu import Matrix, Mvu, placed
from codesign.hardware.mvu import foldings as mvu_foldings
from codesign.hardware.window import Window
from codesign.hardware.window_bits import WindowBits
from codesign.hardware.window_taps import WindowTaps, in_order, sliding, variants, with_taps
from codesign.reuse.adder_graph import AdderGraph
from codesign.reuse.sharing import pipelined_graph

MOST_WIRED = 20_000
"""Weights of a matrix that is offered as an adder graph; larger ones are folded."""

STAGE_LEVELS = 3
"""Tables and carry chains between two registers of an adder graph."""


@dataclass(frozen=True, eq=False)
class Xnor(Mvu):
    """The unit in which weights and lanes are single bits; there is one sum for all lanes, twice the equal ones."""

    @property
    def weight_bits(self) -> int:
        return 1

    @property
    def weight_memory(self) -> tuple[int, int]:
        return self.groups * self.steps, self.folding.pe * self.folding.inputs

    @cached_property
    def sum_bits(self) -> int:
        return bits_for_range(-1, 2 * self.steps * self.folding.inputs)

    @property
    def tree_levels(self) -> int:
        return 1

    @cached_property
    def packed(self) -> bool:
        return False

    @property
    def multipliers(self) -> int:
        return 0


@dataclass(frozen=True, eq=False)
class Wired:
    """An adder graph behind whole windows, in stages of `STAGE_LEVELS` levels."""

    graph: AdderGraph
    window: WindowBits

    @property
    def latency_cycles(self) -> int:
        """From a window to its sums."""
        return self.graph.latency_cycles(STAGE_LEVELS)


@lru_cache(maxsize=64)
def wired_graph(op: BinaryConv) -> AdderGraph:
    """The adder graph of the weights, inputs in the order of windows."""
    return pipelined_graph(op.matrix, STAGE_LEVELS)


def window(op: BinaryConv, inputs: Types, folding: Folding) -> Window | WindowTaps | None:
    """The folded form's window; None where every pixel is one."""
    if op.pointwise:
        return None
    return sliding(inputs[0], folding, folding.simd, op.kernel, op.stride, op.pads)


@lru_cache(maxsize=4096)
def matrix(op: BinaryConv, x: TensorType, simd: int, taps: int = 1) -> Matrix:
    """The weights as bits; the biases make sums of products of their counts."""
    bits = (in_order(op.weight, simd, taps) > 0).astype(np.int32)
    return Matrix(bits, np.full(op.weight.shape[0], -op.inputs), x, simd * taps)


def unit(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Xnor:
    """The folded form's unit."""
    return Xnor(matrix(op, inputs[0], folding.simd, folding.taps), outputs[0], folding)


def wired(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Wired:
    """The wired form."""
    return Wired(wired_graph(op), window_bits(op, inputs, outputs, folding))


def window_bits(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> WindowBits:
    """The wired form's windows."""
    return WindowBits(inputs[0], outputs[0], folding.simd, op.kernel, op.stride, op.pads)


def foldings(op: BinaryConv, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """Foldings of both forms. Lanes past the last channel would count: all beats of a pixel are full."""
    channels = inputs[0].channels
    full = (f for f in mvu_foldings(outputs[0].channels, channels) if channels % f.simd == 0)
    several = with_taps(full, inputs[0], op.kernel, lambda f: window(op, inputs, f))
    whole = placed(several, lambda f: unit(op, inputs, outputs, f))
    folded = (f for plain in whole for f in variants(plain, lambda f: window(op, inputs, f)))
    return (*folded, *_wired(op, inputs, outputs))


def _wired(op: BinaryConv, inputs: Types, outputs: Types) -> Iterator[Folding]:
    if op.weight.size > MOST_WIRED or outputs[0].channels > MOST_LANES:
        return
    for simd in divisors(inputs[0].channels):
        folding = Folding(outputs[0].channels, simd, weights="wired")
        if simd <= MOST_LANES and window_bits(op, inputs, outputs, folding).possible:
            yield folding


def lanes(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    leaving = folding.pe if folding.wired else unit(op, inputs, outputs, folding).out_lanes
    return Lanes((folding.simd,), (leaving,))


def dependence(op: BinaryConv, inputs: Types, outputs: Types) -> Dependence:
    """As a dense convolution, folded or wired."""
    found = depends.window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
    return replace(found, ahead=not op.pointwise)
