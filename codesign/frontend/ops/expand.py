"""Expand: a tensor that is broadcast, for a product that takes it as it is, or to be spread for what else reads it."""

from __future__ import annotations

from dataclasses import replace

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import Reader
from codesign.frontend.values import Activation


def read_expand(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The same integers for a larger map."""
    shape = importer.shape(node.output[0])
    if shape == importer.shape(node.input[0]):
        return importer.activation(node)
    x = importer.quantized(node)
    if len(shape) != 4 or shape[0] != 1:
        raise GraphError(f"a tensor of {importer.type(x).shape} is not broadcast to {shape}")
    channels, height, width = shape[1:]
    return replace(x, layout="expanded", sizes=(channels, height, width), origin=None)


READERS = (Reader("Expand", read_expand, versions=(8, 13), inputs=range(2, 3)),)
