"""Windows over maps as TFLite writes them."""

from __future__ import annotations

from codesign.frontend.reader import only
from codesign.graph.windows import Pads, Pair

SAME, VALID = 0, 1
PADDING = only(SAME, VALID)


def together(a: Pads, b: Pads) -> Pads:
    """Two borders as one."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


def pads_of(padding: int, size: Pair, reach: Pair, stride: Pair) -> Pads:
    """The border that SAME adds to a map of `size` (H, W), the odd pixel at the end; none for VALID.

    reach: (H, W) that a window spans.
    """
    if padding == VALID:
        return (0, 0, 0, 0)
    totals = [max((-(-s // step) - 1) * step + span - s, 0) for s, span, step in zip(size, reach, stride, strict=True)]
    (top, left), (height, width) = (total // 2 for total in totals), totals
    return top, left, height - top, width - left
