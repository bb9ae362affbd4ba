"""Deformable 3x3 convolution with fractional sampling positions: floating point only, for comparison.

    out[n, o, p] = sum over c, taps k of  weight[o, c, k] * x[n, c, p + k + offset[n, k, p]]

x is interpolated bilinearly and 0 outside the map, as in ONNX `DeformConv`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from codesign.nn.deform import TAPS, grid_offsets


def deform_conv2d(x: Tensor, weight: Tensor, offset: Tensor) -> Tensor:
    """Deformable 3x3 of stride 1 and padding 1, dense or depthwise by the weight's shape. Differentiable in all three.

    Args:
        x: (N, C, H, W).
        weight: (O, C, 3, 3), or (C, 1, 3, 3) for one filter per channel.
        offset: (N, 18, H, W) in pixels, (h, w) interleaved per tap.

    Returns:
        (N, O, H, W).
    """
    n, c, h, w = x.shape
    taps = F.grid_sample(x, _grid(offset), mode="bilinear", padding_mode="zeros", align_corners=False)
    taps = taps.reshape(n, c, 9, h, w)
    if weight.shape[1] == 1:
        return (taps * weight.reshape(1, c, 9, 1, 1)).sum(2)
    return F.conv2d(taps.flatten(1, 2), weight.reshape(len(weight), c * 9, 1, 1))


def _grid(offset: Tensor) -> Tensor:
    """`grid_sample`'s coordinates (N, 9 H, W, 2): x before y, the map's outer edges at -1 and 1."""
    n, _, h, w = offset.shape
    kind, device = offset.dtype, offset.device
    taps = torch.tensor(TAPS, dtype=kind, device=device).reshape(1, 9, 2, 1, 1)
    y = torch.arange(h, dtype=kind, device=device).reshape(1, 1, h, 1)
    x = torch.arange(w, dtype=kind, device=device).reshape(1, 1, 1, w)
    steps = offset.reshape(n, 9, 2, h, w) + taps
    grid_x = (2 * (steps[:, :, 1] + x) + 1) / w - 1
    grid_y = (2 * (steps[:, :, 0] + y) + 1) / h - 1
    return torch.stack((grid_x, grid_y), -1).reshape(n, 9 * h, w, 2)


class DeformConv2d(nn.Conv2d):
    """Called with (x, offset (N, 18, H, W)), or with (x, dilation (N, 1, H, W)) whose offsets are k * (s - 1)."""

    def __init__(self, channels: int, *, depthwise: bool) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=channels if depthwise else 1, bias=False)

    def forward(self, x: Tensor, displacement: Tensor) -> Tensor:  # type: ignore[override]  # two inputs
        offset = grid_offsets(displacement) if displacement.shape[1] == 1 else displacement
        return deform_conv2d(x, self.weight, offset)
