"""Reshapes and transposes: flattening before a fully connected layer, and the channel shuffle."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.values import Activation, Constant, Value
from codesign.graph.ops.shuffle import Shuffle


def read_reshape(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Reshape, Flatten, Squeeze or Unsqueeze, known by the shape that results."""
    x = importer.activation(node)
    channels, height, width = importer.type(x).shape
    shape = importer.shape(node.output[0])
    if x.layout in ("map", "flat"):
        if shape == (1, channels, height, width):
            return replace(x, layout="map")
        if shape == (1, channels * height * width):
            return replace(x, layout="flat")
        groups = shape[1] if len(shape) > 3 else 0
        if groups and shape[:3] == (1, groups, channels // groups) and prod(shape[3:]) == height * width:
            return replace(x, layout="grouped", groups=groups)
    if x.layout == "shuffled" and shape == (1, channels, height, width):
        quantized = importer.quantized(node, 0, ("shuffled",))
        return importer.emit(Shuffle(x.groups), [quantized], node)
    raise GraphError(f"reshaping {importer.shape(node.input[0])} to {shape} is not supported")


def read_transpose(importer: Importer, node: onnx.NodeProto) -> Value:
    """The middle of a channel shuffle, or a transposed matrix of weights."""
    value = importer.value(node.input[0])
    rank = len(importer.shape(node.input[0]))
    order = attributes(node, perm=list(range(rank))[::-1])["perm"]
    if isinstance(value, Constant):
        scale = None if value.scale is None else np.transpose(value.scale, order)
        return Constant(np.transpose(value.value, order), scale)
    x = importer.activation(node)
    if x.layout == "grouped" and order == [0, 2, 1, *range(3, rank)]:
        return replace(x, layout="shuffled")
    raise GraphError(f"a transposition by {tuple(order)} is not supported", remedy="only channel shuffles are")


def read_identity(importer: Importer, node: onnx.NodeProto) -> Value:
    """Identity, and Dropout, which does nothing at inference."""
    return importer.value(node.input[0])


READERS = {
    "Reshape": read_reshape,
    "Flatten": read_reshape,
    "Squeeze": read_reshape,
    "Unsqueeze": read_reshape,
    "Transpose": read_transpose,
    "Identity": read_identity,
    "Dropout": read_identity,
}
