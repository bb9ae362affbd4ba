"""Representative blocks of the library: out of a detector at 512x512 with W4A8, narrow and wide foldings of each.

Part of `ecp5_timing.py` and `block_synthesis.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codesign.cost.block import BlockCost
from codesign.cost.ops import conv_tile as conv_tile_cost
from codesign.emit.rtl.base import Block
from codesign.emit.rtl.ops import conv_tile
from codesign.graph import Op, TensorType
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding
from codesign.plugins import load

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """A block of the graph with what the cost model says, or, without an operator, a module of the stream library."""

    name: str
    block: Block
    predicted: BlockCost | None = None


def activations(channels: int, size: int) -> TensorType:
    return TensorType((channels, size, size), 0, 255)


def dense(c_in: int, c_out: int, kernel: int = 1, stride: int = 1, bits: int = 4) -> Conv:
    top = 2 ** (bits - 1)
    weight = RNG.integers(1 - top, top, (c_out, c_in, kernel, kernel))
    return Conv(weight, RNG.integers(-2000, 2000, c_out), (1.0,), (stride, stride), (kernel // 2,) * 4)


def depthwise(channels: int, stride: int) -> Depthwise:
    weight = RNG.integers(-7, 8, (channels, 1, 3, 3))
    return Depthwise(weight, RNG.integers(-2000, 2000, channels), (1.0,), (stride, stride), (1, 1, 1, 1))


def deform(channels: int) -> Deform:
    return Deform(RNG.integers(-7, 8, (channels, 1, 3, 3)), RNG.integers(-2000, 2000, channels))


def emitted(op: Op, inputs: tuple[TensorType, ...], folding: Folding) -> Case:
    """A block as it is emitted."""
    outputs = op.infer(*inputs)
    block: Block = load("codesign.emit.rtl.ops", op.kind).block("block", op, inputs, outputs, folding)
    cost: BlockCost = load("codesign.cost.ops", op.kind).cost(op, inputs, outputs, folding)
    shapes = " ".join(map(str, inputs))
    return Case(f"{op.kind} {shapes} -> {outputs[0]} pe={folding.pe} simd={folding.simd}", block, cost)


def streamed(op: Conv, x: TensorType, folding: Folding, tile: int) -> Case:
    """A convolution with streamed weights."""
    outputs = op.infer(x)
    block = conv_tile.unit("block", op, (x,), outputs, folding, tile)
    cost = conv_tile_cost.unit(op, (x,), outputs, folding, tile)
    return Case(f"streamed conv {x} -> {outputs[0]} pe={folding.pe} simd={folding.simd} tile={tile}", block, cost)


def module(name: str, **parameters: int) -> Case:
    return Case(f"{name} {' '.join(f'{k}={v}' for k, v in parameters.items())}", Block(name, parameters, (), ()))


def stream_cases() -> Iterator[Case]:
    """What joins blocks, and operators without weights or windows."""
    yield module("stream_width", BITS=8, CHANNELS=58, IN_LANES=2, OUT_LANES=3)
    yield module("stream_width", BITS=8, CHANNELS=58, IN_LANES=1, OUT_LANES=2)
    yield module("stream_width", BITS=8, CHANNELS=58, IN_LANES=2, OUT_LANES=1)
    yield module("stream_fifo", WIDTH=8, DEPTH=64, BLOCK=0)
    yield module("stream_fifo", WIDTH=8, DEPTH=2048, BLOCK=1)
    yield module("stream_fork", WIDTH=8, READERS=3)
    yield emitted(Concat(), (activations(58, 64), activations(58, 64)), Folding(1, 1))
    yield emitted(Split((58, 58)), (activations(116, 64),), Folding(1, 1))
    yield emitted(Shuffle(2), (activations(464, 16),), Folding(1, 1))
    sums = TensorType((116, 32, 32), -(2**17), 2**17 - 1)
    yield emitted(Requant(np.array([9]), 0, 255, 512.0), (sums,), Folding(2, 2))
    varied = TensorType(sums.shape, sums.lo, sums.hi, tuple(2.0 ** -float(s) for s in range(6, 10)) * 29)
    shifts = np.tile(np.arange(6, 10), 29)
    for lanes in (1, 4):
        yield emitted(Requant(shifts, 0, 255, 1.0), (varied,), Folding(lanes, lanes))
        yield emitted(Upsample(2), (activations(64, 64),), Folding(lanes, lanes))


def window_cases() -> Iterator[Case]:
    """Operators on windows of one channel."""
    for lanes in (1, 4):
        yield emitted(MaxPool((3, 3), (2, 2), (1, 1, 1, 1)), (activations(24, 128),), Folding(lanes, lanes))
        yield emitted(Peak(16, -128), (TensorType((20, 128, 128), -128, 127),), Folding(lanes, lanes))
    for stride, lanes in ((1, 1), (2, 1), (1, 4)):
        yield emitted(depthwise(58, stride), (activations(58, 64),), Folding(lanes, lanes))
    for lanes in (1, 4):
        yield emitted(deform(64), (activations(64, 64), TensorType((1, 64, 64), -7, 8)), Folding(lanes, lanes))


def dense_cases(*, pair: bool = True) -> Iterator[Case]:
    """Matrices; the first is the stem, of 8-bit weights. pair: as in `Folding`."""

    def folded(pe: int, simd: int) -> Folding:
        return Folding(pe, simd, pair=pair)

    yield emitted(dense(3, 24, 3, 4, bits=8), (activations(3, 512),), folded(8, 3))
    for pe, simd in ((1, 1), (2, 1), (4, 1), (8, 2)):
        yield emitted(dense(58, 58), (activations(58, 64),), folded(pe, simd))
    yield emitted(dense(464, 1024), (activations(464, 16),), folded(8, 4))
    yield emitted(dense(16, 16, 3), (activations(16, 64),), folded(4, 4))
    linear = Linear(RNG.integers(-7, 8, (10, 784)), RNG.integers(-99, 99, 10))
    yield emitted(linear, (activations(16, 7),), folded(2, 4))
    yield streamed(dense(232, 232), activations(232, 16), folded(8, 4), 16)


def cases(*, pair: bool = True) -> Iterator[Case]:
    yield from stream_cases()
    yield from window_cases()
    yield from dense_cases(pair=pair)
