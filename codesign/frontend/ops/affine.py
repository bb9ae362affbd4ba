"""Add, Sub, Div and BatchNormalization with constants: kept symbolic until the next quantizer. Residual Adds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, as_reals
from codesign.frontend.meeting import meeting
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.spreading import spread
from codesign.frontend.values import Activation, Constant, Sum
from codesign.graph.ops.add import Add
from codesign.graph.types import Shape

Coefficients = Callable[[NDArray[Any], bool], tuple[NDArray[Any], NDArray[Any]]]
"""(constant, whether it is the first operand) -> (gain, offset) of `gain * x + offset`."""


def _add(c: NDArray[Any], first: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.ones(1), c


def _sub(c: NDArray[Any], first: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    return (-np.ones(1), c) if first else (np.ones(1), -c)


def _div(c: NDArray[Any], first: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    if first or not c.all():
        raise GraphError("a division by an activation, or by zero, is not supported")
    return 1 / c, np.zeros(1)


def with_constant(coefficients: Coefficients) -> Callable[[Importer, onnx.NodeProto], Activation]:
    """Reads a node of an activation and a constant, or of two functions of the same integers."""

    def read(importer: Importer, node: onnx.NodeProto) -> Activation:
        met = meeting(importer, node)
        if met is not None:
            return met
        first = isinstance(importer.value(node.input[0]), Constant)
        x = importer.activation(node, 1 if first else 0)
        if not isinstance(importer.value(node.input[0 if first else 1]), Constant):
            raise GraphError(f"a {node.op_type} of two activations is not supported")
        constant = _per_channel(
            as_reals(importer.required(node, 0 if first else 1)), len(importer.shape(node.output[0]))
        )
        step = importer.step(node, 1 if first else 0)
        return x.affine(*coefficients(constant, first), step, node.output[0])

    return read


def _per_channel(constant: NDArray[Any], rank: int) -> NDArray[Any]:
    """The constant as (1,) or (C,). Raises GraphError if it varies along another axis than the channels."""
    shape = (1,) * (rank - constant.ndim) + constant.shape
    if constant.size != 1 and shape[1] != constant.size:
        raise GraphError(f"a constant of shape {constant.shape} is not one number per channel")
    return constant.reshape(-1)


def read_add(importer: Importer, node: onnx.NodeProto) -> Activation | Sum:
    """The sum with a constant, or of two quantized tensors; of different scales, until a quantizer comes."""
    if any(isinstance(importer.value(name), Constant) for name in node.input):
        return with_constant(_add)(importer, node)
    met = meeting(importer, node)
    if met is not None and any(
        isinstance(value, Activation) and value.opaque for value in map(importer.value, node.input)
    ):
        return met
    first, second = operands(importer, node)
    kinds = importer.type(first), importer.type(second)
    coded = any(part.tensor in importer.builder.codes for part in (first, second))
    if coded or (kinds[0].scale != kinds[1].scale and all(len(kind.scale) == 1 for kind in kinds)):
        return met or Sum((first, second), node)
    return importer.emit(Add(), [first, second], node, first.layout)


def read_sub(importer: Importer, node: onnx.NodeProto) -> Activation | Sum:
    """The difference to a constant, or of two quantized tensors."""
    if any(isinstance(importer.value(name), Constant) for name in node.input):
        return with_constant(_sub)(importer, node)
    met = meeting(importer, node)
    if met is not None:
        return met
    first, second = operands(importer, node)
    return Sum((first, second), node, negative=True)


def operands(importer: Importer, node: onnx.NodeProto) -> tuple[Activation, Activation]:
    """Two quantized tensors, either of them broadcast to the shape of the result."""
    first, second = (importer.quantized(node, index, ("map", "flat", "expanded")) for index in (0, 1))
    if first.layout == second.layout == "flat":
        return first, second
    shape = sizes(importer, node)
    return spread(importer.builder, first, shape, node), spread(importer.builder, second, shape, node)


def sizes(importer: Importer, node: onnx.NodeProto) -> Shape:
    """(C, H, W) of the result. Raises GraphError for operands of other shapes than maps."""
    ranks = {len(importer.shape(name)) for name in (*node.input, node.output[0])}
    batch, *rest = importer.shape(node.output[0])
    if len(ranks) > 1 or batch != 1 or not 2 <= len(rest) <= 3:
        shapes = [importer.shape(name) for name in node.input]
        raise GraphError(f"a {node.op_type} of {shapes[0]} and {shapes[1]} is not supported", remedy="use maps")
    height, width = [1, *rest[1:]][-2:]
    return rest[0], height, width


def read_batch_normalization(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta."""
    gamma, beta, mean, variance = (as_reals(importer.required(node, index)) for index in (1, 2, 3, 4))
    spread = variance + attributes(node, epsilon=1e-5)["epsilon"]
    if not (spread > 0).all():
        raise GraphError(f"the variance '{node.input[4]}' is negative, or zero without epsilon")
    gain = gamma / np.sqrt(spread)
    return importer.activation(node).affine(gain, beta - gain * mean, importer.step(node), node.output[0])


_elementwise = partial(Reader, versions=(7, 13, 14), inputs=range(2, 3))

READERS = (
    _elementwise("Add", read_add),
    _elementwise("Sub", read_sub),
    _elementwise("Div", with_constant(_div)),
    Reader(
        "BatchNormalization",
        read_batch_normalization,
        versions=(7, 9, 14, 15),
        attributes={"epsilon": ANY, "momentum": ANY, "spatial": only(1), "training_mode": only(0)},
        inputs=range(5, 6),
    ),
)
