"""Averages over windows, of which those at the border may hold fewer pixels: sums, and a gain of each place on the map.

The sum of n pixels, times L / n, is L times their average. With L the least common multiple of all n that are there,
all averages of a map are integers of one scale, which any quantizer takes.
"""

from __future__ import annotations

from math import prod

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.ops._geometry import Windows, spread
from codesign.frontend.refusal import RefusalError
from codesign.graph import Op, TensorType
from codesign.graph.op import IntArray
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.windows import Pads, output_size, taps_within

COUNT = "let the padding count, or use smaller windows"


def averaging(x: TensorType, windows: Windows, counted: Pads) -> tuple[tuple[Op, ...], int]:
    """Operators, one after another, that make averages of maps of type `x`, and by what their integers are divided.

    counted: how much of the padding, (top, left, bottom, right), is in the divisors. Raises GraphError where a window
    has no pixel, and a RefusalError where the common multiple is too large.
    """
    results = output_size(x, windows.reach, windows.stride, windows.pads)
    counts = [_counts(windows, counted, axis, x.shape[1 + axis], results[axis]) for axis in (0, 1)]
    whole = [int(np.lcm.reduce(along)) for along in counts]
    rows, columns = (common // along for common, along in zip(whole, counts, strict=True))
    divisor = prod(whole)
    if rows.max() == columns.max() == 1:
        return (_sums(x, windows, divisor),), divisor
    sums = _sums(x, windows, 1)
    try:
        gains = GainMap(rows, columns, divisor)
        gains.infer(*sums.infer(x))
    except GraphError as error:
        what = f"averages at the border leave out the padding, and {error.what}"
        raise RefusalError(what, remedy=COUNT, rewrite="average_windows") from None
    return (sums, gains), divisor


def _counts(windows: Windows, counted: Pads, axis: int, size: int, results: int) -> IntArray:
    """(results,): rows, or columns, that the average of each window is divided by."""
    place = results, windows.kernel[axis], windows.stride[axis], windows.pads[axis], windows.dilation[axis]
    if not taps_within((0, size), *place).all():
        raise GraphError("an average has windows without a pixel of the map", remedy="use less padding")
    return taps_within((-counted[axis], size + counted[2 + axis]), *place)


def _sums(x: TensorType, windows: Windows, divisor: int) -> Op:
    """The sum of every window: of the whole map, or by a depthwise convolution of ones."""
    if _covered(x, windows):
        return AvgPool(divisor)
    ones = spread(np.ones((x.channels, 1, *windows.kernel), np.int64), windows.dilation)
    return Depthwise(ones, np.zeros(x.channels, np.int64), (1 / divisor,), windows.stride, windows.pads)


def _covered(x: TensorType, windows: Windows) -> bool:
    """Whether there is one window, which has all pixels of the map."""
    if windows.dilation != (1, 1) or output_size(x, windows.kernel, windows.stride, windows.pads) != (1, 1):
        return False
    ends = (kernel - pad for kernel, pad in zip(windows.kernel, windows.pads, strict=False))
    return all(end >= size for end, size in zip(ends, x.shape[1:], strict=True))
