"""Random configurations of every operator that networks are made of, small enough to be simulated.

An operator X is sampled by the function `x` of this module: it draws an operator and its input types. The folding is
drawn by the sweep from those that the cost model offers. `streamed` samples convolutions that have their weights from
memory; the requantization within such a block follows from the scales of its weights, see `requantized`.
"""

from __future__ import annotations

import numpy as np

from codesign.graph import Op, TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK
from codesign.graph.ops.upsample import Upsample

Sample = tuple[Op, tuple[TensorType, ...]]
Rng = np.random.Generator

SHARES = {"conv": 8, "depthwise": 4, "group_conv": 4, "deform": 3, "requant": 4} | dict.fromkeys(
    ("linear", "threshold", "maxpool", "binary_conv", "streamed"), 2
)
"""How often an operator is drawn, where it is more than once: by how much of a network's area is in such blocks."""


def conv(rng: Rng) -> Sample:
    x = _tensor(rng, _channels(rng), _size(rng))
    outputs, kernel = _channels(rng), int(rng.choice([1, 1, 3]))
    stride = int(rng.choice([1, 2])) if kernel > 1 else 1
    weight = _weights(rng, outputs, x.channels, kernel, kernel)
    return Conv(weight, _bias(rng, outputs), (1.0,), (stride, stride), (kernel // 2,) * 4), (x,)


def depthwise(rng: Rng) -> Sample:
    x = _tensor(rng, _channels(rng), _size(rng))
    stride = int(rng.choice([1, 1, 2]))
    weight = _weights(rng, x.channels, 1, 3, 3)
    return Depthwise(weight, _bias(rng, x.channels), (1.0,), (stride, stride), (1, 1, 1, 1)), (x,)


def group_conv(rng: Rng) -> Sample:
    groups, inputs, outputs = int(rng.integers(2, 9)), int(rng.integers(1, 9)), int(rng.integers(1, 9))
    x, kernel = _tensor(rng, groups * inputs, _size(rng)), int(rng.choice([1, 3]))
    stride = int(rng.choice([1, 2])) if kernel > 1 else 1
    weight, bias = _weights(rng, groups * outputs, inputs, kernel, kernel), _bias(rng, groups * outputs)
    return GroupConv(weight, bias, (1.0,), (stride, stride), (kernel // 2,) * 4, groups=groups), (x,)


def deform(rng: Rng) -> Sample:
    x = _tensor(rng, _channels(rng), _size(rng))
    bound = int(rng.integers(2, 8))
    s = TensorType((1, x.height, x.width), -bound, bound)
    return Deform(_weights(rng, x.channels, 1, 3, 3), _bias(rng, x.channels)), (x, s)


def streamed(rng: Rng) -> Sample:
    x = TensorType((int(rng.choice([16, 24, 36, 48, 64])), *(int(rng.integers(3, 9)),) * 2), 0, 255)
    outputs = int(rng.choice([24, 32, 48, 64, 96]))
    shift = _shifts(rng, outputs)
    weight = _weights(rng, outputs, x.channels, 1, 1)
    return Conv(weight, _bias(rng, outputs), tuple(2.0 ** -float(s) for s in shift)), (x,)


def requantized(op: Conv) -> Requant:
    """To activations of scale 1, as it follows the sums of a convolution that `streamed` drew."""
    return Requant(np.array([round(-np.log2(scale)) for scale in op.weight_scale]), 0, 255, 1.0)


def binary_conv(rng: Rng) -> Sample:
    x = TensorType((_channels(rng), *(_size(rng),) * 2), -1, 1, step=2)
    kernel = int(rng.choice([1, 3]))
    stride = int(rng.choice([1, 2])) if kernel > 1 else 1
    weight = rng.choice([-1, 1], (_channels(rng), x.channels, kernel, kernel))
    return BinaryConv(weight, stride=(stride, stride), pads=(kernel // 2,) * 4), (x,)


def linear(rng: Rng) -> Sample:
    x = _tensor(rng, _channels(rng), int(rng.integers(1, 4)))
    outputs = int(rng.integers(4, 40))
    return Linear(_weights(rng, outputs, x.channels * x.pixels), _bias(rng, outputs)), (x,)


def requant(rng: Rng) -> Sample:
    bits = int(rng.integers(12, 23))
    channels = _channels(rng)
    shift = _shifts(rng, channels)
    scale = tuple(2.0 ** -float(s) for s in shift)
    lo, hi = [(0, 255), (0, 255), (-128, 127), (0, 15), (-8, 7)][rng.integers(5)]
    x = TensorType((channels, *(_size(rng),) * 2), -(1 << (bits - 1)), (1 << (bits - 1)) - 1, scale)
    return Requant(shift, lo, hi, 1.0), (x,)


def rescale(rng: Rng) -> Sample:
    """Sums of 12 to 20 bits to 8 bits, by multipliers of as many bits as give every step."""
    bits, channels, width = int(rng.integers(12, 21)), _channels(rng), int(rng.integers(8, 27))
    lo, hi = [(0, 255), (-128, 127), (-113, 142)][rng.integers(3)]
    x = TensorType((channels, *(_size(rng),) * 2), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    shift = bits + width - int(rng.integers(8, 11))
    multiplier = rng.integers(1 << (width - 2), 1 << (width - 1), channels)
    offset = rng.integers(-(1 << shift), 1 << shift, channels)
    return Rescale(multiplier, offset, np.array([shift]), lo, hi, 1.0), (x,)


def lookup(rng: Rng) -> Sample:
    """SiLU at any scale of 4 to 10 bits, for all channels, or for each with a slope below zero of its own."""
    bits, channels = int(rng.integers(4, 11)), _channels(rng)
    lo = -(1 << (bits - 1)) if rng.random() < 0.7 else 0
    real = np.arange(lo, lo + (1 << bits)) * 2.0 ** rng.uniform(1, 4) / (1 << bits)
    most, least = (1 << int(rng.integers(3, 9))) - 1, int(rng.choice([0, 0, 10]))
    slope = rng.uniform(0, 0.3, (channels if rng.random() < 0.3 else 1, 1))
    curve = real / (1 + np.exp(-4 * real)) + slope * np.minimum(real, 0)
    results = np.clip(np.rint(curve * most / np.abs(curve).max()), -most - 1, most) - least
    return Lookup(results, lo, 1.0), (TensorType((channels, *(_size(rng),) * 2), lo, lo + (1 << bits) - 1),)


def threshold(rng: Rng) -> Sample:
    bits, steps = int(rng.integers(10, 19)), int(rng.choice([1, 3, 15, 15, 63]))
    x = TensorType((_channels(rng), *(_size(rng),) * 2), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    rows = np.sort(rng.integers(x.lo, x.hi, (x.channels, steps)), axis=1)
    falls = rng.random(x.channels) < rng.choice([0, 0.3])
    return Threshold(rows, np.where(falls, -1, 1), 0, 1.0), (x,)


def add(rng: Rng) -> Sample:
    a = _tensor(rng, _channels(rng), _size(rng))
    return Add(), (a, a)


def mul(rng: Rng) -> Sample:
    """By a map, by a value a channel, or by one a pixel."""
    a = _tensor(rng, _channels(rng), _size(rng))
    lo, hi = [(0, 255), (-128, 127), (0, 15), (0, 3), (0, 1)][rng.integers(5)]
    shape = [a.shape, (a.channels, 1, 1), (1, *a.shape[1:])][rng.integers(3)]
    return Mul(), (a, TensorType(shape, lo, hi))


def avgpool(rng: Rng) -> Sample:
    return AvgPool(64), (_tensor(rng, _channels(rng), int(rng.integers(4, 9))),)


def gain_map(rng: Rng) -> Sample:
    """Those of averages over 3, 5 or 7 pixels with a border."""
    size, around = _size(rng), int(rng.integers(1, 4))
    counts = np.minimum(np.minimum(np.arange(size), np.arange(size)[::-1]), around) + around + 1
    gains = np.lcm.reduce(counts) // counts
    return GainMap(gains, gains), (TensorType((_channels(rng), size, size), 0, 255 * (2 * around + 1) ** 2),)


def maxpool(rng: Rng) -> Sample:
    kernel = int(rng.choice([2, 3]))
    x = _tensor(rng, _channels(rng), 2 * int(rng.integers(3, 12)))
    return MaxPool((kernel, kernel), (2, 2), (kernel // 2 if kernel == 3 else 0,) * 4), (x,)


def peak(rng: Rng) -> Sample:
    x = TensorType((int(rng.integers(2, 24)), *(_size(rng),) * 2), -128, 127)
    return Peak(int(rng.integers(-90, 90)), -128), (x,)


def top_k(rng: Rng) -> Sample:
    """Logits of 6 to 20 bits, of one pixel or of a map; the largest class more often than several."""
    bits, size = int(rng.integers(6, 21)), int(rng.choice([1, 1, _size(rng)]))
    k = int(rng.choice([1, 1, 1, 2, 3, 5]))
    x = TensorType((int(rng.choice([5, 10, 12, 19, 35, 100])), size, size), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return TopK(k), (x,)


def upsample(rng: Rng) -> Sample:
    return Upsample(2), (_tensor(rng, _channels(rng), _size(rng)),)


def depth_to_space(rng: Rng) -> Sample:
    """Blocks of 2 x 2, 3 x 3 or 4 x 4 pixels; sometimes the last rows and columns are left out."""
    size = int(rng.integers(2, 5))
    crop = int(rng.integers(size)) if rng.random() < 0.3 else 0
    x = _tensor(rng, size**2 * int(rng.integers(1, 17)), _size(rng))
    return DepthToSpace((size, size), (crop, crop)), (x,)


def concat(rng: Rng) -> Sample:
    a = _tensor(rng, 4 * int(rng.integers(1, 13)), _size(rng))
    return Concat(), (a, TensorType((4 * int(rng.integers(1, 13)), *a.shape[1:]), a.lo, a.hi))


def split(rng: Rng) -> Sample:
    first, second = (4 * int(rng.integers(1, 13)) for _ in range(2))
    return Split((first, second)), (_tensor(rng, first + second, _size(rng)),)


def shuffle(rng: Rng) -> Sample:
    return Shuffle(2), (_tensor(rng, 8 * int(rng.integers(1, 9)), _size(rng)),)


def interleave(rng: Rng) -> Sample:
    a = _tensor(rng, 2 * int(rng.integers(2, 33)), _size(rng))
    return Interleave(), (a, a)


def _shifts(rng: Rng, channels: int):
    """One for all channels, or one for each."""
    least, spread = int(rng.integers(2, 7)), int(rng.choice([0, 1, 1, 3, 7]))
    shift = least + rng.integers(0, spread, channels, endpoint=True)
    return shift if np.ptp(shift) else shift[:1]


def _channels(rng: Rng) -> int:
    return int(rng.choice([3, 4, 6, 8, 10, 12, 16, 20, 24, 32]))


def _size(rng: Rng) -> int:
    return int(rng.integers(5, 21))


def _tensor(rng: Rng, channels: int, size: int) -> TensorType:
    lo, hi = [(0, 255), (0, 255), (-128, 127), (0, 15), (-8, 7)][rng.integers(5)]
    return TensorType((channels, size, size), lo, hi)


def _weights(rng: Rng, *shape: int):
    most = (1 << (int(rng.choice([2, 4, 4, 8])) - 1)) - 1
    return np.clip(np.rint(rng.normal(0, max(most / 2, 0.8), shape)), -most, most).astype(int)


def _bias(rng: Rng, count: int):
    return rng.integers(-2000, 2000, count)
