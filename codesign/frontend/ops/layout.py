"""Reshapes and transposes: flattening before a fully connected layer, maps with other axes, and the channel shuffle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import ANY, Reader, Values, attributes
from codesign.frontend.values import Activation, Constant, Unquantized, Value
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.types import Shape


def read_reshape(importer: Importer, node: onnx.NodeProto) -> Value:
    """Reshape, Flatten, Squeeze or Unsqueeze, known by the shape that results."""
    value = importer.value(node.input[0])
    if isinstance(value, Constant):
        return _moved(value, lambda array: array.reshape(importer.shape(node.output[0])))
    if (
        isinstance(value, Unquantized)
        and not value.flat
        and (shaped := _reshaped(value, importer.shape(node.output[0])))
    ):
        return shaped
    x = importer.activation(node)
    channels, height, width = importer.type(x).shape
    shape = importer.shape(node.output[0])
    if height * width == 1 and shape == (*[1] * (len(shape) - 1), channels) and len(shape) > 2:
        return replace(x, layout="turned", axes=(*range(1, len(shape) - 1), 0))
    if x.layout in ("turned", "flattened") and (found := _of_turned(x, importer.type(x).shape, shape)):
        return found
    if x.layout in ("map", "flat"):
        if shape == (1, channels, height, width) or (height == 1 and shape == (1, channels, width)):
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


def _reshaped(value: Unquantized, shape: tuple[int, ...]) -> Unquantized | None:
    """The network's input as a vector, or a vector as a map; None for other shapes."""
    if shape == (1, prod(value.shape)):
        return replace(value, flat=True)
    return replace(value, shape=shape) if len(value.shape) == 2 and 3 <= len(shape) <= 4 and shape[0] == 1 else None


def _of_turned(x: Activation, sizes: Shape, shape: tuple[int, ...]) -> Activation | None:
    """A map of axes in another order as one row, or back; a vector in whichever shape."""
    vector = sizes[1] * sizes[2] == 1
    if vector and shape[:2] == (1, sizes[0]):
        return replace(x, layout="flat" if len(shape) == 2 else "map", axes=())
    if shape == (1, prod(sizes)):
        return replace(x, layout="flattened")
    return replace(x, layout="turned") if shape == (1, *(sizes[axis] for axis in x.axes)) else None


def read_transpose(importer: Importer, node: onnx.NodeProto) -> Value:
    """The middle of a channel shuffle, a map with its axes in another order, or a transposed matrix of weights."""
    value = importer.value(node.input[0])
    rank = len(importer.shape(node.input[0]))
    order = attributes(node, perm=list(range(rank))[::-1])["perm"]
    if isinstance(value, Constant):
        return _moved(value, lambda array: np.transpose(array, order))
    x = importer.activation(node)
    if x.layout == "grouped" and order == [0, 2, 1, *range(3, rank)]:
        return replace(x, layout="shuffled")
    if x.layout in ("map", "turned") and order[0] == 0:
        plain = (0, 1, 2) if rank == 4 else (0, 2)
        before = x.axes if x.layout == "turned" else plain
        axes = tuple(before[axis - 1] for axis in order[1:])
        return replace(x, layout="map", axes=()) if axes == plain else replace(x, layout="turned", axes=axes)
    raise GraphError(f"a transposition by {tuple(order)} is not supported", remedy="only channel shuffles are")


def read_identity(importer: Importer, node: onnx.NodeProto) -> Value:
    """Identity, and Dropout, which does nothing at inference."""
    return importer.value(node.input[0])


def read_cast(importer: Importer, node: onnx.NodeProto) -> Value:
    """Cast of bytes to the real numbers that they stand for, which changes nothing here."""
    return importer.activation(node)


def read_dropout(importer: Importer, node: onnx.NodeProto) -> Value:
    """Dropout whose third input says whether the network is being trained."""
    ratio, training = importer.constant(node, 1), importer.constant(node, 2)
    if ratio is not None and not 0 <= ratio.scalar < 1:
        raise GraphError(f"ratio = {ratio.scalar:g} of Dropout is not at least 0 and below 1")
    if training is not None and training.value.any():
        raise GraphError("training_mode = True of Dropout is not supported", remedy="export in evaluation mode")
    return read_identity(importer, node)


def _moved(constant: Constant, move: Callable[[NDArray[Any]], NDArray[Any]]) -> Constant:
    """The constant's values, and their scales, in other places."""
    return Constant(move(constant.value), None if constant.scale is None else move(constant.scale))


_axes_as_input = partial(Reader, read=read_reshape, versions=(13, 21, 23, 24, 25), constants=True)

REAL = Values(lambda to: to == onnx.TensorProto.FLOAT, "float")

READERS = (
    Reader("Reshape", read_reshape, versions=(5, 13), inputs=range(2, 3), constants=True),
    Reader(
        "Reshape",
        read_reshape,
        versions=(14, 19, 21, 23, 24, 25),
        attributes={"allowzero": ANY},
        inputs=range(2, 3),
        constants=True,
    ),
    Reader("Flatten", read_reshape, (1, 9, 11, 13, 21, 23, 24, 25), {"axis": ANY}, constants=True),
    Reader("Squeeze", read_reshape, versions=(1, 11), attributes={"axes": ANY}, constants=True),
    _axes_as_input("Squeeze", inputs=range(1, 3)),
    Reader("Unsqueeze", read_reshape, versions=(1, 11), attributes={"axes": ANY}, constants=True),
    _axes_as_input("Unsqueeze", inputs=range(2, 3)),
    Reader("Transpose", read_transpose, (1, 13, 21, 23, 24, 25), {"perm": ANY}, constants=True),
    Reader("Identity", read_identity, (1, 13, 14, 16, 19, 21, 23, 24, 25), constants=True),
    Reader("Cast", read_cast, (6, 9, 13), {"to": REAL}),
    Reader("Cast", read_cast, (19, 21, 23), {"to": REAL, "saturate": ANY}),
    Reader("Cast", read_cast, (24, 25, 28), {"to": REAL, "saturate": ANY, "round_mode": ANY}),
    Reader("Dropout", read_identity, (7, 10), {"ratio": ANY}, spare_outputs=1, constants=True),
    Reader("Dropout", read_dropout, (12, 13, 22), {"seed": ANY}, range(1, 4), spare_outputs=1, constants=True),
)
