"""Shape, range and arithmetic shared by the convolution operators."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.graph.op import EXACT_FLOAT32, WIDEST_SUM, IntArray, Op, freeze, one_input
from codesign.graph.types import LARGEST_SIDE, Shape, TensorType

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]
"""(top, left, bottom, right), as in ONNX."""


class Filters:
    """What operators with filters `weight` (C_out, inputs a filter, kH, kW) over sliding windows have in common."""

    weight: IntArray
    stride: Pair
    pads: Pads

    def check_filters(self) -> None:
        """Raises GraphError for weights of another shape."""
        if self.weight.ndim != 4:
            raise GraphError(f"convolution weights are (C_out, C_in, kH, kW), got {self.weight.shape}")

    @property
    def kernel(self) -> Pair:
        return self.weight.shape[2], self.weight.shape[3]

    @property
    def pointwise(self) -> bool:
        """Whether every output pixel is made of the input pixel at its place alone."""
        return self.kernel == self.stride == (1, 1) and not any(self.pads)

    def products(self, x: TensorType) -> int:
        """Multiplications by a weight for one frame."""
        oh, ow = output_size(x, self.kernel, self.stride, self.pads)
        return self.weight.size * oh * ow


@dataclass(frozen=True, eq=False)
class Convolution(Filters, Op):
    """Filters (C_out, inputs a filter, kH, kW) over sliding windows of one input, zero outside; gives accumulators.

    bias: (C_out,) at the accumulator's scale, `x.scale * weight_scale`; weight_scale: one, or one per output channel.
    """

    weight: IntArray
    bias: IntArray
    weight_scale: tuple[float, ...] = (1.0,)
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)

    def __post_init__(self) -> None:
        freeze(self, weight=np.int32, bias=np.int64)
        self.check_filters()

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        self.check_channels(x.channels)
        shape = (self.weight.shape[0], *output_size(x, self.kernel, self.stride, self.pads))
        return (accumulator_type(x, self.weight, self.bias, self.weight_scale, shape, self.kind),)

    @abstractmethod
    def check_channels(self, channels: int) -> None:
        """Raises GraphError unless the filters are for inputs of so many channels."""

    def macs(self, *inputs: TensorType) -> int:
        return self.products(inputs[0])

    def parameters(self) -> int:
        return self.weight.size + self.bias.size


def output_size(inputs: TensorType, kernel: Pair, stride: Pair, pads: Pads) -> Pair:
    """(H, W) of the output; GraphError where the kernel does not fit into the padded input."""
    if max(inputs.height + pads[0] + pads[2], inputs.width + pads[1] + pads[3]) > LARGEST_SIDE:
        raise GraphError(f"pads {pads} are out of range")
    height = inputs.height + pads[0] + pads[2] - kernel[0]
    width = inputs.width + pads[1] + pads[3] - kernel[1]
    if height < 0 or width < 0:
        raise GraphError(f"kernel {kernel} is larger than the padded input {inputs.shape}")
    if min(stride) < 1 or min(pads) < 0:
        raise GraphError(f"stride {stride} or pads {pads} out of range")
    return height // stride[0] + 1, width // stride[1] + 1


def reach_of(kernel: Pair, dilation: Pair) -> Pair:
    """(H, W) that windows of `kernel` taps span which are `dilation` apart."""
    return (kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1


def taps_within(ends: Pair, results: int, kernel: int, stride: int, pad: int, dilation: int) -> IntArray:
    """(results,): taps of each window along an axis that lie in front of ends[1] and not in front of ends[0].

    kernel: taps of a window; pad: from the first window's first tap to pixel 0.
    """
    first = np.arange(results) * stride - pad
    before, through = (np.clip(-((first - end) // dilation), 0, kernel) for end in ends)
    found: IntArray = through - before
    return found


def accumulator_type(
    x: TensorType,
    weight: IntArray,
    bias: IntArray,
    weight_scale: tuple[float, ...],
    shape: Shape,
    where: str,
    limit: int = WIDEST_SUM,
) -> TensorType:
    """Type of `sum w * x + bias` from the worst case of these very weights, so that overflow is impossible.

    weight: (C_out, ...) with the summed axes last. Zero padding may drop any term, so zero counts as a value of x.
    Raises GraphError when the sum of magnitudes reaches `limit`.
    """
    if len(x.scale) != 1:
        raise GraphError(f"{where} needs one scale for its whole input, got one per channel", remedy="requantize first")
    if bias.shape != weight.shape[:1]:
        raise GraphError(f"{where} has {bias.size} biases for {weight.shape[0]} output channels")
    if len(weight_scale) not in (1, weight.shape[0]):
        raise GraphError(f"{where} has {len(weight_scale)} weight scales for {weight.shape[0]} output channels")
    flat = weight.reshape(weight.shape[0], -1).astype(np.int64)
    positive, negative = np.maximum(flat, 0).sum(axis=1), np.minimum(flat, 0).sum(axis=1)
    x_lo, x_hi = min(x.lo, 0), max(x.hi, 0)
    lo = int((positive * x_lo + negative * x_hi + bias).min())
    hi = int((positive * x_hi + negative * x_lo + bias).max())
    magnitude = reach(weight, bias, x.magnitude)
    if magnitude >= limit:
        raise GraphError(
            f"{where} may accumulate up to {magnitude}, beyond what {limit.bit_length() + 1} bits hold",
            remedy="use fewer weight or activation bits, or fewer input channels",
        )
    return TensorType(shape, lo, hi, tuple(x.scale[0] * s for s in weight_scale))


def reach(weight: IntArray, bias: IntArray, magnitude: int) -> int:
    """The largest sum of magnitudes of an output's terms: weights (C_out, ...), inputs of up to `magnitude`, biases."""
    sums = np.abs(weight.reshape(weight.shape[0], -1).astype(np.int64)).sum(axis=1)
    return int((sums * magnitude + np.abs(bias)).max())


def exact_dtype(x: IntArray, weight: IntArray, bias: IntArray) -> type[np.floating[Any]]:
    """The quicker of the types in which sums of products are exact, whatever their order."""
    largest = int(np.abs(x).max(initial=0))
    return np.float32 if reach(weight, bias, largest) < EXACT_FLOAT32 else np.float64


def pad_zero(x: NDArray[Any], pads: Pads) -> NDArray[Any]:
    """x (N, C, H, W) with a border of zeros."""
    top, left, bottom, right = pads
    if not any(pads):
        return x
    n, channels, height, width = x.shape
    padded = np.zeros((n, channels, top + height + bottom, left + width + right), x.dtype)
    padded[:, :, top : top + height, left : left + width] = x
    return padded


def windows(x: NDArray[Any], kernel: Pair, stride: Pair) -> NDArray[Any]:
    """View (N, C, OH, OW, kH, kW) of the sliding windows over x (N, C, H, W)."""
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    strided: NDArray[Any] = view[:, :, :: stride[0], :: stride[1]]
    return strided


def dense(x: IntArray, weight: IntArray, bias: IntArray, stride: Pair, pads: Pads, groups: int = 1) -> IntArray:
    """Convolution of x (N, C, H, W) with weight (C_out, C / groups, kH, kW), one matrix product per image and group.

    In float32 where that is exact, else in float64.
    """
    c_out, inputs, *kernel = weight.shape
    dtype = exact_dtype(x, weight, bias)
    view = windows(pad_zero(x.astype(dtype), pads), (kernel[0], kernel[1]), stride)
    n, _, oh, ow, _, _ = view.shape
    columns = view.transpose(0, 1, 4, 5, 2, 3).reshape(n, groups, inputs * kernel[0] * kernel[1], oh * ow)
    out: NDArray[Any] = weight.reshape(groups, c_out // groups, -1).astype(dtype) @ columns
    out += bias.astype(dtype).reshape(groups, -1, 1)
    return out.reshape(n, c_out, oh, ow).astype(np.int32)


def per_channel(x: IntArray, weight: IntArray, bias: IntArray, stride: Pair, pads: Pads) -> IntArray:
    """Depthwise convolution of x (N, C, H, W) with weight (C, 1, kH, kW), one tap of all pixels at a time."""
    kernel = (weight.shape[2], weight.shape[3])
    view = windows(pad_zero(x.astype(np.int32, copy=False), pads), kernel, stride)
    out, term = np.empty(view.shape[:4], np.int32), np.empty(view.shape[:4], np.int32)
    out[:] = bias.astype(np.int32)[:, None, None]
    for ky in range(kernel[0]):
        for kx in range(kernel[1]):
            np.multiply(view[..., ky, kx], weight[:, 0, ky, kx, None, None], out=term)
            out += term
    return out


def window_max(x: IntArray, kernel: Pair, stride: Pair, pads: Pads, dilation: Pair = (1, 1)) -> IntArray:
    """Maximum over the windows of x (N, C, H, W), rows first, then columns; padded positions never win.

    dilation: from one tap of a window to the next.
    """
    top, left, bottom, right = pads
    lowest = np.iinfo(x.dtype).min
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=lowest) if any(pads) else x
    height, width = reach_of(kernel, dilation)
    rows = windows(padded, (height, 1), (stride[0], 1))[..., :: dilation[0], 0]
    columns = windows(reduce(np.maximum, np.moveaxis(rows, -1, 0)), (1, width), (1, stride[1]))[..., 0, :: dilation[1]]
    highest: IntArray = reduce(np.maximum, np.moveaxis(columns, -1, 0))
    return np.ascontiguousarray(highest)
