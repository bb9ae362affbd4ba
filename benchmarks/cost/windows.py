"""Random blocks whose windows come in several taps at once: layers of few channels, as networks begin.

A sampler is called what the operator is called.
"""

from __future__ import annotations

from benchmarks.cost.samples import Rng, Sample
from benchmarks.cost.trained import activations, bias, weights
from codesign.graph import TensorType
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv

SHARES: dict[str, int] = {}
"""Each operator is drawn as often as the others."""


def conv(rng: Rng) -> Sample:
    x, kernel, stride = activations(rng, int(rng.integers(1, 13)), _size(rng)), _kernel(rng), int(rng.integers(1, 3))
    outputs = int(rng.choice([4, 8, 12, 16, 24, 32]))
    weight = weights(rng, outputs, x.channels, kernel, kernel)
    return Conv(weight, bias(rng, outputs), (1.0,), (stride, stride), (kernel // 2,) * 4), (x,)


def group_conv(rng: Rng) -> Sample:
    groups, inputs, outputs = int(rng.integers(2, 7)), int(rng.integers(1, 5)), int(rng.integers(1, 5))
    x, kernel = activations(rng, groups * inputs, _size(rng)), _kernel(rng)
    weight = weights(rng, groups * outputs, inputs, kernel, kernel)
    pads = (kernel // 2,) * 4
    return GroupConv(weight, bias(rng, groups * outputs), (1.0,), (1, 1), pads, groups=groups), (x,)


def depthwise(rng: Rng) -> Sample:
    x, kernel, stride = activations(rng, int(rng.integers(1, 33)), _size(rng)), _kernel(rng), int(rng.integers(1, 3))
    weight = weights(rng, x.channels, 1, kernel, kernel)
    return Depthwise(weight, bias(rng, x.channels), (1.0,), (stride, stride), (kernel // 2,) * 4), (x,)


def binary_conv(rng: Rng) -> Sample:
    x = TensorType((int(rng.choice([8, 16, 32, 64])), *(_size(rng),) * 2), -1, 1, step=2)
    kernel = _kernel(rng)
    weight = rng.choice([-1, 1], (int(rng.choice([8, 16, 32, 64])), x.channels, kernel, kernel))
    return BinaryConv(weight, pads=(kernel // 2,) * 4), (x,)


def _size(rng: Rng) -> int:
    """Rows and columns of a map."""
    return int(rng.integers(8, 65))


def _kernel(rng: Rng) -> int:
    return int(rng.choice([3, 3, 5]))
