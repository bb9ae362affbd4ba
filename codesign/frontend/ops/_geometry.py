"""Padding as ONNX writes it."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from codesign.frontend.reader import attributes, only

AUTO_PAD = only("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def pads_of(
    node: onnx.NodeProto, shape: Sequence[int], kernel: Sequence[int], strides: Sequence[int]
) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) from `pads` or `auto_pad`. shape: the node's input, (N, C, H, W)."""
    options = attributes(node, auto_pad="NOTSET", pads=[0, 0, 0, 0])
    mode = options["auto_pad"]
    if mode in ("NOTSET", "VALID"):
        top, left, bottom, right = options["pads"] if mode == "NOTSET" else (0, 0, 0, 0)
        return top, left, bottom, right
    totals = [
        max((-(-size // step) - 1) * step + k - size, 0)
        for size, k, step in zip(shape[2:], kernel, strides, strict=True)
    ]
    less, more = [t // 2 for t in totals], [t - t // 2 for t in totals]
    before, after = (less, more) if mode == "SAME_UPPER" else (more, less)
    return before[0], before[1], after[0], after[1]
