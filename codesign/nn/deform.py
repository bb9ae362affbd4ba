"""Square integer deformable 3x3 convolution, depthwise (CoDeNet, arXiv 2006.08357, section 3).

One integer s(y, x) per position scales the whole 3x3 grid, it is the effective dilation:

    out[n, c, p] = sum over k in {-1, 0, 1}^2 of  weight[c, k] * x[n, c, p + s[n, p] * k],   x = 0 outside the map

s = 1 is an ordinary depthwise 3x3 with padding 1; s = 0 reads the centre nine times; s < 0 mirrors the grid.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

TAPS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
"""(dy, dx) of the nine taps, in the order of the weight's memory."""


class _SquareDepthwise(torch.autograd.Function):
    """Exact gather forward; backward differentiates s by the central difference of the two neighbouring dilations.

    Works tap by tap on rows of channels, one row a position: the temporaries then fit a CPU's cache.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, dilation: Tensor) -> Tensor:
        rows = _padded_rows(x)
        taps = weight.reshape(len(weight), 9).t().contiguous()
        ctx.save_for_backward(rows, taps, dilation)
        ctx.shape = x.shape
        out = torch.zeros_like(rows[:-1])
        samples = torch.empty_like(out)
        for tap, index in zip(taps, _tap_indices(dilation), strict=True):
            out.addcmul_(torch.index_select(rows, 0, index, out=samples), tap)
        return _to_nchw(out, x.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, taps, dilation = ctx.saved_tensors
        grad = grad.permute(0, 2, 3, 1).reshape(-1, len(taps[0]))
        grad_rows, grad_taps = torch.zeros_like(rows), torch.empty_like(taps)
        grad_dilation = grad.new_zeros(len(grad))
        buffers = [torch.empty_like(grad) for _ in range(3)]  # reused: fresh memory costs more than the arithmetic
        indices = zip(*(_tap_indices(dilation + step) for step in (0, 1, -1)), strict=True)
        for number, (index, further, nearer) in enumerate(indices):
            samples, others, grad_samples = buffers
            torch.index_select(rows, 0, index, out=samples)
            grad_taps[number] = samples.mul_(grad).sum(0)
            torch.mul(grad, taps[number], out=grad_samples)
            grad_rows.index_add_(0, index, grad_samples)
            if TAPS[number] != (0, 0):  # the centre does not move
                torch.index_select(rows, 0, further, out=samples)
                torch.index_select(rows, 0, nearer, out=others)
                grad_dilation += samples.sub_(others).mul_(grad_samples).sum(1)
        grad_x = _to_nchw(grad_rows[:-1], ctx.shape)
        grad_weight = grad_taps.t().reshape(-1, 1, 3, 3)
        return grad_x, grad_weight, grad_dilation.reshape(dilation.shape) / 2


def _padded_rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as rows of channels, (N * H * W + 1, C); the last row, of zeros, stands for all that is outside."""
    rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    return torch.cat((rows, rows.new_zeros(1, rows.shape[1])))


def _to_nchw(rows: Tensor, shape: torch.Size) -> Tensor:
    n, c, h, w = shape
    return rows.reshape(n, h, w, c).permute(0, 3, 1, 2)


def _tap_indices(dilation: Tensor) -> Iterator[Tensor]:
    """For each tap, the row that every position reads, (N * H * W,)."""
    n, _, h, w = dilation.shape
    s = dilation[:, 0].long()
    image = torch.arange(n, device=s.device).reshape(n, 1, 1) * (h * w)
    y = torch.arange(h, device=s.device).reshape(1, h, 1)
    x = torch.arange(w, device=s.device).reshape(1, 1, w)
    for dy, dx in TAPS:
        yy, xx = y + s * dy, x + s * dx
        inside = (yy >= 0) & (yy < h) & (xx >= 0) & (xx < w)
        yield torch.where(inside, image + yy * w + xx, n * h * w).reshape(-1)


def square_depthwise(x: Tensor, weight: Tensor, dilation: Tensor, bias: Tensor | None = None) -> Tensor:
    """Square integer deformable depthwise 3x3.

    Args:
        x: (N, C, H, W).
        weight: (C, 1, 3, 3).
        dilation: (N, 1, H, W), whole numbers.
        bias: (C,) or none.

    Returns:
        (N, C, H, W). Differentiable in all arguments.
    """
    if torch.compiler.is_exporting():
        return torch.ops.codesign.deform_conv(x, weight, grid_offsets(dilation), bias, weight.shape[0])
    out = _SquareDepthwise.apply(x, weight, dilation)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def sampled(x: Tensor, dilation: Tensor) -> Tensor:
    """What the taps read of x (N, C, H, W) at dilations (N, 1, H, W), in the order of `F.unfold`: (N, C * 9, H * W)."""
    rows = _padded_rows(x)
    taps = [rows[index].reshape(len(x), -1, x.shape[1]) for index in _tap_indices(dilation)]
    return torch.stack(taps, 3).permute(0, 2, 3, 1).flatten(1, 2)


def grid_offsets(dilation: Tensor) -> Tensor:
    """ONNX `DeformConv` offsets (N, 18, H, W), (h, w) interleaved per tap: k * (s - 1) for a dilation (N, 1, H, W)."""
    anchors = torch.tensor(TAPS, dtype=dilation.dtype, device=dilation.device).reshape(1, 18, 1, 1)
    return anchors * (dilation - 1)


@torch.library.custom_op("codesign::deform_conv", mutates_args=())
def deform_conv(x: Tensor, weight: Tensor, offset: Tensor, bias: Tensor | None, groups: int) -> Tensor:
    """ONNX `DeformConv`, 3x3, stride 1, padding 1. Exists to be exported: networks call `square_depthwise`."""
    raise NotImplementedError("deform_conv is only traced for export")


@deform_conv.register_fake
def _(x: Tensor, weight: Tensor, offset: Tensor, bias: Tensor | None, groups: int) -> Tensor:
    return x.new_empty((x.shape[0], weight.shape[0], *x.shape[2:]))
