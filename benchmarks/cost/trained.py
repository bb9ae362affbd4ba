"""Random blocks as trained networks have them, in sizes as networks have them; beside the small ones of `samples.py`.

Few distinct thresholds in many channels, shifts that crowd together, ternary and pruned weights, channels that training
has left dead, binary layers, 58 to 1,024 channels. A sampler is called what the operator is called.
"""

from __future__ import annotations

import numpy as np

from benchmarks.cost.samples import Rng, Sample
from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.threshold import Threshold

WIDE = (58, 64, 72, 96, 116, 128, 160, 192, 232, 256, 464, 512, 1024)
"""Channels of layers; those of dense weights have at most 256."""

SHARES = {
    "conv": 5,
    "requant": 4,
    "rescale": 2,
    "threshold": 4,
    "binary_conv": 3,
    "linear": 3,
    "depthwise": 2,
    "group_conv": 2,
}
"""How often an operator is drawn, where it is more than once."""


def conv(rng: Rng) -> Sample:
    kernel = int(rng.choice([1, 1, 3]))
    x = activations(rng, int(rng.choice(WIDE[: 10 if kernel == 1 else 6])), int(rng.integers(4, 12)))
    outputs = int(rng.choice(WIDE[: 10 if kernel == 1 else 6]))
    pads = (kernel // 2,) * 4 if rng.random() < 0.7 else (0,) * 4
    return Conv(weights(rng, outputs, x.channels, kernel, kernel), bias(rng, outputs), (1.0,), (1, 1), pads), (x,)


def group_conv(rng: Rng) -> Sample:
    size, groups = int(rng.choice([2, 4, 8])), int(rng.choice([16, 24, 29, 32]))
    x = activations(rng, size * groups, int(rng.integers(4, 12)))
    weight = weights(rng, size * groups, size, 3, 3)
    return GroupConv(weight, bias(rng, size * groups), (1.0,), (1, 1), (1,) * 4, groups=groups), (x,)


def depthwise(rng: Rng) -> Sample:
    x = activations(rng, int(rng.choice(WIDE[:12])), int(rng.integers(4, 12)))
    weight = weights(rng, x.channels, 1, 3, 3)
    return Depthwise(weight, bias(rng, x.channels), (1.0,), (1, 1), (1,) * 4), (x,)


def linear(rng: Rng) -> Sample:
    x = activations(rng, int(rng.choice(WIDE[:12])), int(rng.choice([1, 1, 2])))
    outputs = int(rng.choice([10, 12, 64, 100, 128, 256]))
    return Linear(weights(rng, outputs, x.channels * x.pixels), bias(rng, outputs)), (x,)


def binary_conv(rng: Rng) -> Sample:
    kernel = int(rng.choice([1, 3, 3]))
    x = TensorType((int(rng.choice([64, 128, 256])), *(int(rng.integers(4, 12)),) * 2), -1, 1, step=2)
    weight = rng.choice([-1, 1], (int(rng.choice([64, 128, 256])), x.channels, kernel, kernel))
    pads = (kernel // 2,) * 4 if rng.random() < 0.5 else (0,) * 4
    return BinaryConv(weight, pads=pads), (x,)


def requant(rng: Rng) -> Sample:
    channels, bits = int(rng.choice(WIDE)), int(rng.integers(12, 23))
    spread = int(rng.choice([0, 1, 2, 3, 5, 7]))
    crowded = rng.normal(spread / 2, max(spread / 5, 0.3), channels)
    shift = int(rng.integers(2, 9)) + np.clip(np.rint(crowded), 0, spread).astype(int)
    shift = shift if np.ptp(shift) else shift[:1]
    lo, hi = [(0, 255), (0, 255), (-128, 127), (0, 15)][rng.integers(4)]
    scale = tuple(2.0 ** -float(s) for s in shift)
    x = TensorType((channels, *(int(rng.integers(4, 12)),) * 2), -(1 << (bits - 1)), (1 << (bits - 1)) - 1, scale)
    return Requant(shift, lo, hi, 1.0), (x,)


def rescale(rng: Rng) -> Sample:
    """After a layer of 8 bits: multipliers of about as many bits as the sums, or one for all channels."""
    channels, bits = int(rng.choice(WIDE)), int(rng.integers(14, 22))
    width = bits + int(rng.integers(-4, 6))
    shift, several = bits + width - int(rng.integers(8, 11)), channels if rng.random() < 0.7 else 1
    multiplier = np.clip(np.rint(2.0 ** rng.normal(width - 1.5, 0.5, several)), 1, (1 << width) - 1).astype(np.int64)
    offset = (1 << (shift - 1)) + (np.rint(rng.normal(0, 40, several)).astype(np.int64) << (shift - 2))
    lo, hi = [(0, 255), (-128, 127), (-113, 142)][rng.integers(3)]
    x = TensorType((channels, *(int(rng.integers(4, 12)),) * 2), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return Rescale(multiplier, offset, np.array([shift]), lo, hi, 1.0), (x,)


def float32_rescale(rng: Rng) -> Sample:
    """The same as kernels of integer networks have it: products of float32, a factor a channel or one for all."""
    channels, bits = int(rng.choice(WIDE)), int(rng.integers(14, 22))
    several = channels if rng.random() < 0.7 else 1
    factors = (2.0 ** rng.normal(9 - bits, 0.5, several)).astype(np.float32)
    lo, hi = [(0, 255), (-128, 127), (-113, 142)][rng.integers(3)]
    x = TensorType((channels, *(int(rng.integers(4, 12)),) * 2), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return Rescale.of_float32(factors, lo, hi, 1.0), (x,)


def lookup(rng: Rng) -> Sample:
    """From 8 bits to 8 bits, or to 4: what a network's activation function is, for all channels, or with slopes."""
    x = TensorType((int(rng.choice(WIDE)), *(int(rng.integers(4, 12)),) * 2), -128, 127)
    real, most = np.arange(-128, 128) / 2.0 ** rng.uniform(4, 6), int(rng.choice([15, 127, 127]))
    kind = str(rng.choice(["sigmoid", "silu", "slopes"]))
    curves = {"sigmoid": 1 / (1 + np.exp(-real)), "silu": real / (1 + np.exp(-real))}
    curve = curves.get(kind, np.where(real < 0, rng.uniform(0, 0.4, (x.channels, 1)), 1) * real)
    return Lookup(np.atleast_2d(np.rint(curve * most / np.abs(curve).max())), -128, 1.0), (x,)


def threshold(rng: Rng) -> Sample:
    """After a layer of so many inputs: bell-shaped sums, thresholds of a common grid, some channels dead."""
    inputs, steps = int(rng.choice([27, 64, 256, 576, 1152, 2304])), int(rng.choice([1, 1, 1, 3, 7, 15]))
    most = inputs * int(rng.choice([1, 1, 7, 105]))
    channels, deviation = int(rng.choice(WIDE)), max(2.0, most / inputs * np.sqrt(inputs) / 3)
    grid = int(rng.choice([1, 2]))
    centre = grid * np.rint(rng.normal(0, deviation / grid, channels))
    step = np.maximum(1, np.rint(rng.normal(deviation / 2, deviation / 8, channels)))
    rows = centre[:, None] + step[:, None] * (np.arange(steps) - (steps - 1) / 2)
    rows[rng.random(channels) < rng.choice([0, 0.1])] = most + 1
    falls = rng.random(channels) < rng.choice([0, 0, 0.3])
    x = TensorType((channels, *(int(rng.integers(4, 12)),) * 2), -most, most)
    rows = np.clip(np.rint(rows), -most, most + 1).astype(int)
    return Threshold(rows, np.where(falls, -1, 1) if falls.any() else np.array([1]), 0, 1.0), (x,)


def maxpool(rng: Rng) -> Sample:
    x = activations(rng, int(rng.choice(WIDE[:10])), 2 * int(rng.integers(3, 7)))
    return MaxPool((2, 2), (2, 2), (0,) * 4), (x,)


def add(rng: Rng) -> Sample:
    x = activations(rng, int(rng.choice(WIDE)), int(rng.integers(4, 12)))
    return Add(), (x, x)


def mul(rng: Rng) -> Sample:
    """By a gate a channel, as in squeeze-and-excitation, or by a map."""
    x = activations(rng, int(rng.choice(WIDE)), int(rng.integers(4, 12)))
    lo, hi = [(0, 255), (0, 255), (0, 15), (-128, 127)][rng.integers(4)]
    shape = x.shape if rng.random() < 0.3 else (x.channels, 1, 1)
    return Mul(), (x, TensorType(shape, lo, hi))


def depth_to_space(rng: Rng) -> Sample:
    """Behind a transposed convolution of stride 2."""
    return DepthToSpace((2, 2)), (activations(rng, 4 * int(rng.choice(WIDE[:11])), int(rng.integers(4, 12))),)


def shuffle(rng: Rng) -> Sample:
    return Shuffle(2), (activations(rng, 2 * int(rng.choice(WIDE[:11])), int(rng.integers(4, 9))),)


def activations(rng: Rng, channels: int, size: int) -> TensorType:
    lo, hi = [(0, 255), (0, 255), (0, 15), (0, 3), (-128, 127)][rng.integers(5)]
    return TensorType((channels, size, size), lo, hi)


def weights(rng: Rng, outputs: int, *shape: int):
    """Bell-shaped, ternary, binary or pruned; of some layers one output in ten is dead."""
    kind = str(rng.choice(["4 bits", "4 bits", "8 bits", "ternary", "binary", "pruned"]))
    if kind == "binary":
        return rng.choice([-1, 1], (outputs, *shape))
    most = {"8 bits": 127, "ternary": 1}.get(kind, 7)
    weight = np.clip(np.rint(rng.normal(0, max(most / 4, 0.7), (outputs, *shape))), -most, most).astype(int)
    if kind == "pruned":
        weight *= rng.random(weight.shape) < 0.3
    weight[rng.random(outputs) < rng.choice([0, 0.1])] = 0
    return weight


def bias(rng: Rng, count: int):
    return np.rint(rng.normal(0, 300, count)).astype(int)
