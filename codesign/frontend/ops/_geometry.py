"""Windows as ONNX writes them, over maps (1, C, H, W), or (1, C, W) as maps of one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.reader import attributes, only
from codesign.graph.windows import Pads, Pair, reach_of

AUTO_PAD = only("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True)
class Windows:
    """Windows that slide over a map. pads: (top, left, bottom, right); dilation: from one tap to the next."""

    kernel: Pair
    stride: Pair
    pads: Pads
    dilation: Pair = (1, 1)

    @property
    def reach(self) -> Pair:
        """(H, W) that a window spans."""
        return reach_of(self.kernel, self.dilation)


def windows_of(node: onnx.NodeProto, shape: Sequence[int], kernel: Sequence[int]) -> Windows:
    """The windows of `node`. shape: its input, (1, C, H, W) or (1, C, W); kernel: of as many axes.

    Raises GraphError for maps of more dimensions, and attributes of another number of axes.
    """
    sizes = list(shape[2:])
    axes = len(sizes)
    options = attributes(node, auto_pad="NOTSET")
    strides, dilations = (list(options.get(name) or [1] * axes) for name in ("strides", "dilations"))
    if not 1 <= axes <= 2 or {len(kernel), len(strides), len(dilations)} != {axes}:
        raise GraphError(f"windows over {axes} dimensions are not supported", remedy="use one or two")
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    before, after = _pads(options["auto_pad"], options.get("pads") or [0] * 2 * axes, sizes, spans, strides)
    (kh, kw), (sh, sw), (dh, dw) = (_plane(values, 1) for values in (kernel, strides, dilations))
    (top, left), (bottom, right) = _plane(before, 0), _plane(after, 0)
    return Windows((kh, kw), (sh, sw), (top, left, bottom, right), (dh, dw))


def _plane(values: Sequence[int], single: int) -> Pair:
    """One value an axis as one for rows and one for columns."""
    return (single, values[0]) if len(values) == 1 else (values[0], values[1])


def _pads(
    mode: str, pads: Sequence[int], sizes: Sequence[int], spans: Sequence[int], strides: Sequence[int]
) -> tuple[list[int], list[int]]:
    """What is added before and after each axis, from `pads` or `auto_pad`."""
    if mode in ("NOTSET", "VALID"):
        given = list(pads) if mode == "NOTSET" else [0] * len(pads)
        return given[: len(sizes)], given[len(sizes) :]
    totals = [
        max((-(-size // step) - 1) * step + span - size, 0)
        for size, span, step in zip(sizes, spans, strides, strict=True)
    ]
    less, more = [t // 2 for t in totals], [t - t // 2 for t in totals]
    return (less, more) if mode == "SAME_UPPER" else (more, less)


def planar(weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """Filters (C_out, C_in, W) of maps of one row as (C_out, C_in, 1, W); those of others as they are."""
    return weight[:, :, None] if weight.ndim == 3 else weight


def spread(weight: NDArray[np.int64], dilation: Pair) -> NDArray[np.int64]:
    """Filters (C_out, C_in, kH, kW) with zeros between their taps, so that neighbours are `dilation` apart."""
    if dilation == (1, 1):
        return weight
    outputs, inputs, kh, kw = weight.shape
    dense = np.zeros((outputs, inputs, (kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1), weight.dtype)
    dense[:, :, :: dilation[0], :: dilation[1]] = weight
    return dense
