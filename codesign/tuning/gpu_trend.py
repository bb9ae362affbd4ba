"""Constant group size against a constant number of groups on a GPU, from published energies and a roofline.

Not a model of the P100, on which the E2GC paper measured +10.8 % and +4.73 % of energy efficiency (arXiv 2006.15100;
its equation and tables are not known here), but a check of the trend's sign: layers of float32, one after another, each
reads its weights and input from memory once and writes its output, a weight serving `batch` images.

    energy   multiplications, additions, bytes of DRAM: 45 nm, M. Horowitz, Computing's energy problem, ISSCC 2014
    time     the longer of computing and moving, at the P100's peaks (Nvidia's figures: 10.6 TFLOPS, 732 GB/s)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAC_PJ = 3.7 + 0.9
BYTE_PJ = 640 / 4
MACS_PER_S = 10.6e12 / 2
BYTES_PER_S = 732e9
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Layers:
    """`count` convolutions of `channels` to as many, `rows` x `rows` outputs, inputs `stride` times that high."""

    channels: int
    rows: int
    count: int = 1
    stride: int = 1
    kernel: int = 3

    def macs(self, group_size: float) -> float:
        return self.count * self.channels * group_size * self.kernel**2 * self.rows**2

    def moved_bytes(self, group_size: float, batch: int) -> float:
        """For one image of `batch`."""
        pixels = self.channels * self.rows**2 * (1 + self.stride**2)
        return FLOAT_BYTES * self.count * (pixels + self.channels * group_size * self.kernel**2 / batch)


MOBILENET_V1 = (
    Layers(32, 112),
    Layers(64, 56, stride=2),
    Layers(128, 56),
    Layers(128, 28, stride=2),
    Layers(256, 28),
    Layers(256, 14, stride=2),
    Layers(512, 14, 5),
    Layers(512, 7, stride=2),
    Layers(1024, 7),
)
"""Its 3x3 layers at 224 x 224, depthwise in the original."""

RESNEXT_50 = (
    Layers(128, 56, 3),
    Layers(256, 28, stride=2),
    Layers(256, 28, 3),
    Layers(512, 14, stride=2),
    Layers(512, 14, 5),
    Layers(1024, 7, stride=2),
    Layers(1024, 7, 2),
)
"""Its 3x3 layers at 224 x 224, in 32 groups in the original."""


@dataclass(frozen=True)
class Cost:
    """What one image takes. energy_uj: by operations and bytes; time_us: at the roofline."""

    macs: float
    moved_bytes: float
    energy_uj: float
    time_us: float


def cost(layers: Sequence[Layers], sizes: Sequence[float], batch: int = 1) -> Cost:
    """What `layers` take, each with a group size of its own."""
    pairs = list(zip(layers, sizes, strict=True))
    macs = [layer.macs(size) for layer, size in pairs]
    moved = [layer.moved_bytes(size, batch) for layer, size in pairs]
    return Cost(
        macs=sum(macs),
        moved_bytes=sum(moved),
        energy_uj=(MAC_PJ * sum(macs) + BYTE_PJ * sum(moved)) / 1e6,
        time_us=1e6 * sum(max(m / MACS_PER_S, b / BYTES_PER_S) for m, b in zip(macs, moved, strict=True)),
    )


def equal_size(layers: Sequence[Layers], number: int) -> float:
    """The constant group size, not always whole, of as many multiplications as a constant `number` of groups has."""
    return sum(layer.macs(layer.channels / number) for layer in layers) / sum(layer.macs(1) for layer in layers)


def merit(layers: Sequence[Layers], size: float, batch: int = 1) -> float:
    """Multiplications per microjoule and microsecond, as `group_size.merit` has it per cycle."""
    found = cost(layers, [size] * len(layers), batch)
    return found.macs / (found.energy_uj * found.time_us)


@dataclass(frozen=True)
class Gain:
    """What constant size saves against a constant number of groups at equal multiplications, as parts of the former."""

    group_size: float
    energy: float
    time: float


def gain(layers: Sequence[Layers], number: int, batch: int = 1) -> Gain:
    """At the size of `equal_size`."""
    size = equal_size(layers, number)
    fixed = cost(layers, [layer.channels / number for layer in layers], batch)
    constant = cost(layers, [size] * len(layers), batch)
    return Gain(size, fixed.energy_uj / constant.energy_uj - 1, fixed.time_us / constant.time_us - 1)
