"""Batch norm in quantized training, where the convolution before it computes with weights that it is folded into.

Hardware sees w g / sigma, quantized, with the running statistics mu and sigma^2, gain g and shift b. So that is what
the convolution is computed with. While statistics follow, its output is normalized by those of the batch, which makes
up for what quantization did to them; once they are frozen, it has the bias b - mu g / sigma, as in hardware
(Krishnamoorthi, arXiv 1806.08342, section 3.2.2).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_GAIN = 1e-4
"""Channels of a smaller gain say nothing about statistics: all their weights are quantized to zero."""


class TrainedNorm(nn.BatchNorm2d):
    """Called with the output (N, C, H, W) of a convolution with `folded_into`'s weight, without its bias.

    Its statistics are the mean over the first batches, then the moving average: what floating point left is forgotten.
    """

    def reset_count(self) -> None:
        """Let the next batch replace the statistics."""
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.zero_()

    def forward(self, x: Tensor) -> Tensor:
        mean, variance = torch.zeros_like(self.bias), torch.zeros_like(self.bias)
        out = F.batch_norm(x, mean, variance, self.weight.abs(), self.bias, True, 1.0, self.eps)
        self._follow(mean, variance)
        return out

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Move the statistics towards a batch's, of outputs that the gain is folded into."""
        assert self.num_batches_tracked is not None and self.momentum is not None
        gain = _gain(self)
        known = (gain.abs() > SMALLEST_GAIN) & (variance > 0)
        self.num_batches_tracked.add_(1)
        share = (1 / self.num_batches_tracked).clamp_min(self.momentum)
        for followed, found in ((self.running_mean, mean / gain), (self.running_var, variance / gain**2)):
            assert followed is not None
            followed.copy_(torch.where(known, followed.lerp(found, share), followed))


def folded_into(weight: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight (C, ...) and bias (C,) of a convolution without bias, its batch norm folded into it.

    They are w g / sqrt(var + eps), and b - mean * the same.
    """
    gain = _gain(norm)
    assert norm.running_mean is not None
    return weight * gain.reshape(-1, 1, 1, 1), norm.bias - norm.running_mean * gain


def _gain(norm: nn.BatchNorm2d) -> Tensor:
    assert norm.running_var is not None
    return norm.weight / torch.sqrt(norm.running_var + norm.eps)
