"""Square integer deformable 3x3 convolution, depthwise (CoDeNet, arXiv 2006.08357, section 3).

One integer s(y, x) per position scales the whole 3x3 grid, it is the effective dilation:

    out[n, c, p] = sum over k in {-1, 0, 1}^2 of  weight[c, k] * x[n, c, p + s[n, p] * k],   x = 0 outside the map

s = 1 is an ordinary depthwise 3x3 with padding 1; s = 0 reads the centre nine times; s < 0 mirrors the grid.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
"""(dy, dx) of the nine taps, in the order of the weight's memory."""


class _SquareDepthwise(torch.autograd.Function):
    """Exact gather forward; backward differentiates s by the central difference of the two neighbouring dilations."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, dilation: Tensor, bound: int) -> Tensor:
        rows, index, stride = _rows_and_index(x, dilation, bound + 1)
        kernel = weight.reshape(len(weight), 9).t()
        ctx.save_for_backward(rows, index, stride, kernel)
        ctx.shape, ctx.margin = x.shape, bound + 1
        return _to_nchw((rows[index] * kernel).sum(1), x.shape)

    @staticmethod
    def backward(ctx, grad: Tensor):
        rows, index, stride, kernel = ctx.saved_tensors
        n, c, h, w = ctx.shape
        margin = ctx.margin
        grad_rows = grad.permute(0, 2, 3, 1).reshape(-1, c)
        grad_taps = grad_rows.unsqueeze(1) * kernel

        grad_padded = torch.zeros_like(rows).index_add_(0, index.reshape(-1), grad_taps.reshape(-1, c))
        grad_padded = grad_padded.reshape(n, h + 2 * margin, w + 2 * margin, c).permute(0, 3, 1, 2)
        grad_x = grad_padded[:, :, margin : margin + h, margin : margin + w]

        grad_weight = (rows[index] * grad_rows.unsqueeze(1)).sum(0).t().reshape(c, 1, 3, 3)

        slope = (rows[index + stride] - rows[index - stride]) / 2
        grad_dilation = (slope * grad_taps).sum((1, 2)).reshape(n, 1, h, w)
        return grad_x, grad_weight, grad_dilation, None


def _rows_and_index(x: Tensor, dilation: Tensor, margin: int) -> tuple[Tensor, Tensor, Tensor]:
    """The zero-padded map as rows of channels, the row of each (position, tap), and each tap's step as s grows by 1."""
    n, c, h, w = x.shape
    width = w + 2 * margin
    rows = F.pad(x, (margin,) * 4).permute(0, 2, 3, 1).reshape(-1, c)
    device = x.device
    stride = torch.tensor([dy * width + dx for dy, dx in TAPS], device=device)
    image = torch.arange(n, device=device).reshape(n, 1, 1) * ((h + 2 * margin) * width)
    y = (torch.arange(h, device=device) + margin).reshape(1, h, 1) * width
    centre = image + y + (torch.arange(w, device=device) + margin)
    index = centre.reshape(-1, 1) + dilation.reshape(-1, 1).long() * stride
    return rows, index, stride


def _to_nchw(rows: Tensor, shape: torch.Size) -> Tensor:
    n, c, h, w = shape
    return rows.reshape(n, h, w, c).permute(0, 3, 1, 2)


def square_depthwise(x: Tensor, weight: Tensor, dilation: Tensor, bound: int, bias: Tensor | None = None) -> Tensor:
    """Square integer deformable depthwise 3x3.

    Args:
        x: (N, C, H, W).
        weight: (C, 1, 3, 3).
        dilation: (N, 1, H, W), whole numbers in [-bound, bound].
        bound: largest magnitude of the dilation.
        bias: (C,) or none.

    Returns:
        (N, C, H, W). Differentiable in all but the bound.
    """
    if torch.compiler.is_exporting():
        return torch.ops.codesign.deform_conv(x, weight, grid_offsets(dilation), bias, weight.shape[0])
    out = _SquareDepthwise.apply(x, weight, dilation, bound)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


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
