"""What detectors have in common: CenterNet's heads on some features, and the peak test.

A detector of one's own is a subclass with `features`: see docs/own_network.md.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from codesign.nn.layers import ConvUnit, Layers, plain
from codesign.nn.network import Network, unit_scale
from codesign.recipe import Recipe

HEAT_BIAS = -2.19
"""Initial logit of the heat map: a score of 0.1 everywhere."""


class Heads(NamedTuple):
    """Outputs at the heat map's resolution; sizes and offsets in cells of `output_stride` pixels."""

    heat: Tensor
    """(N, classes, H, W) logits."""
    size: Tensor
    """(N, 2, H, W) width, height."""
    offset: Tensor
    """(N, 2, H, W) of the box centre from the cell's corner, x then y."""


class Head(nn.Module):
    """1x1, 3x3 depthwise, 1x1 with bias."""

    def __init__(self, in_channels: int, channels: int, out_channels: int, layers: Layers) -> None:
        super().__init__()
        self.pointwise = layers.conv(in_channels, channels, 1)
        self.depthwise = layers.conv(channels, channels, 3, groups=channels)
        self.output = layers.output(channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.depthwise(self.pointwise(x)))


class HeatMapPeak(nn.Module):
    """Keeps a logit that is the greatest of its 3x3 neighbourhood and at least the threshold; else gives `floor`.

    Both are multiples of the heat map's scale (`Detector.set_peak_threshold`), so the comparison is one of integers.
    """

    threshold: Tensor
    floor: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("threshold", torch.tensor(0.0))
        self.register_buffer("floor", torch.tensor(-math.inf))

    def forward(self, heat: Tensor) -> Tensor:
        highest = F.max_pool2d(heat, 3, stride=1, padding=1)
        kept = (heat == highest) & (heat >= self.threshold)
        return torch.where(kept, heat, self.floor)


class Detector(Network):
    """Features, three heads, peaks. A subclass makes its layers, then calls `add_heads`."""

    def __init__(self, layers: Layers) -> None:
        super().__init__()
        self.input = layers.image()

    def add_heads(self, in_channels: int, channels: int, classes: int, layers: Layers) -> None:
        """Makes the heads, with `channels` within them, on features of `in_channels`."""
        outputs = {"heat": classes, "size": 2, "offset": 2}
        self.heads = nn.ModuleDict(
            {name: Head(in_channels, channels, count, layers) for name, count in outputs.items()}
        )
        self.peak = HeatMapPeak()
        with torch.no_grad():
            bias = self._output("heat").conv.bias
            assert bias is not None
            bias.fill_(HEAT_BIAS)

    def features(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) of the quantized image; one cell for `output_stride` pixels of the recipe's model."""
        raise NotImplementedError

    def raw_heads(self, x: Tensor) -> Heads:
        """The heads before the peak test: what training sees."""
        features = self.features(self.input(x))
        return Heads(**{name: plain(head(features)) for name, head in self.heads.items()})

    def forward(self, x: Tensor) -> Heads:
        """The heads with only the peaks left in the heat map: what is exported."""
        heads = self.raw_heads(x)
        return heads._replace(heat=self.peak(heads.heat))

    @torch.no_grad()
    def set_peak_threshold(self, score: float) -> None:
        """Let peaks pass from `score` in (0, 1) on; in a quantized network, rounded up to the heat map's scale."""
        logit = math.log(score / (1 - score))
        scale = self.head_scales()["heat"]
        if self._output("heat").act is None:
            self.peak.threshold.fill_(logit)
            return
        bits = int(self._output("heat").act.act_quant.bit_width())
        lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        self.peak.threshold.fill_(min(max(math.ceil(logit / scale), lowest), highest) * scale)
        self.peak.floor.fill_(lowest * scale)

    @torch.no_grad()
    def head_scales(self) -> dict[str, float]:
        return {name: unit_scale(self._output(name)) for name in self.heads}

    def _output(self, name: str) -> ConvUnit:
        head = self.heads[name]
        assert isinstance(head, Head)
        return head.output

    def finish(self, recipe: Recipe) -> None:
        """Peaks pass from the recipe's score on."""
        self.set_peak_threshold(recipe.detection.score_threshold)
