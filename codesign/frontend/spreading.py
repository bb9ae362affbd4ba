"""Tensors that are broadcast: one value a channel for all pixels, or one a pixel for all channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.naming import Place, place_of
from codesign.frontend.values import Activation
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.upsample import Upsample
from codesign.graph.types import Shape


def spread(builder: Builder, x: Activation, shape: Shape, node: onnx.NodeProto) -> Activation:
    """`x` with its values in all places of (C, H, W). Raises GraphError where that is more than repeating them."""
    tensor = spread_tensor(builder, x.tensor, shape, place_of(node))
    return x if tensor == x.tensor and x.layout != "expanded" else replace(x, tensor=tensor, layout="map", origin=None)


def spread_tensor(builder: Builder, tensor: str, shape: Shape, place: Place) -> str:
    """The same of a tensor: channels repeated by a pointwise convolution with ones, pixels by an upsampling."""
    kind = builder.types[tensor]
    if kind.channels not in (1, shape[0]) or kind.shape[1:] not in ((1, 1), shape[1:]):
        raise GraphError(f"a tensor of {kind.shape} is not broadcast to {shape}")
    if kind.channels != shape[0]:
        ones = np.ones((shape[0], 1, 1, 1), np.int64)
        (tensor,) = builder.add(Conv(ones, np.zeros(shape[0], np.int64)), [tensor], place, [None])
    if kind.shape[1:] != shape[1:]:
        if shape[1] != shape[2]:
            raise GraphError(
                f"one value a channel is not broadcast to maps of {shape[1]}x{shape[2]}", remedy="use square maps"
            )
        (tensor,) = builder.add(Upsample(shape[1]), [tensor], place, [None])
    return tensor
