"""The operator of least hardware for a convolution of any number of groups."""

from __future__ import annotations

from codesign.graph.op import IntArray
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.windows import Pads, Pair


def convolution(
    weight: IntArray,
    bias: IntArray,
    weight_scale: tuple[float, ...] = (1.0,),
    stride: Pair = (1, 1),
    pads: Pads = (0, 0, 0, 0),
    *,
    groups: int = 1,
) -> Conv | Depthwise | GroupConv:
    """weight: (C_out, C_in / groups, kH, kW); the rest as `GroupConv`. Raises GraphError as its operators do."""
    if groups == 1:
        return Conv(weight, bias, weight_scale, stride, pads)
    if groups == weight.shape[0] and weight.shape[1] == 1:
        return Depthwise(weight, bias, weight_scale, stride, pads)
    return GroupConv(weight, bias, weight_scale, stride, pads, groups=groups)
