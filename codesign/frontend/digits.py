"""Layers whose weights are split into digits: their sums, added up in integers with powers of the base, are one layer.

So files have sums that float32 does not hold: each part is exact in float32, all together are in int32.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.frontend.importer import Importer
from codesign.frontend.naming import place_of
from codesign.frontend.ops._weights import MOST_WEIGHT
from codesign.frontend.regions import cast_to
from codesign.frontend.tail import integral
from codesign.frontend.values import Activation, Constant, Host
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.linear import Linear

LAYERS = (Conv, Depthwise, GroupConv, Linear)
MOST_TERMS = 64

Integers = NDArray[np.int64]


def combined(importer: Importer, name: str) -> Activation | None:
    """The int32 tensor `name` of the file as the sums of one layer, at scale 1; None if it is no such tensor."""
    form = _linear(importer, name)
    if form is None:
        return None
    terms, constant = form
    return _layer(importer, name, terms, constant)


def _linear(importer: Importer, name: str) -> tuple[Counter[str], list[Integers]] | None:
    """By what layers' sums, real numbers, are multiplied in `name`, and the constants that are added up with them."""
    terms, constants, waiting = Counter[str](), list[Integers](), [(name, 1)]
    while waiting:
        tensor, factor = waiting.pop()
        value, node = importer.value(tensor), importer.producer(tensor)
        if isinstance(value, Constant):
            constants.append(factor * value.value.astype(np.int64))
            continue
        if not isinstance(value, Host) or node is None or len(terms) + len(waiting) > MOST_TERMS:
            return None
        if node.op_type == "Add":
            waiting += [(node.input[0], factor), (node.input[1], factor)]
        elif node.op_type == "Mul" and (number := _number(importer, node)) is not None:
            waiting.append((number[0], factor * number[1]))
        elif node.op_type == "Cast" and cast_to(node) == onnx.TensorProto.INT32:
            terms[node.input[0]] += factor
        else:
            return None
    return terms, constants


def _number(importer: Importer, node: onnx.NodeProto) -> tuple[str, int] | None:
    """The tensor that is multiplied with one integer, and that integer."""
    for index in (0, 1):
        value = importer.value(node.input[index])
        if isinstance(value, Constant) and value.value.dtype.kind == "i" and value.value.size == 1:
            return node.input[1 - index], int(value.value.flat[0])
    return None


def _layer(importer: Importer, name: str, terms: Counter[str], constants: list[Integers]) -> Activation | None:
    values = [importer.value(tensor) for tensor in terms]
    parts = [value for value in values if isinstance(value, Activation) and integral(value)]
    if len(parts) < len(values) or len({part.layout for part in parts}) > 1:
        return None
    builder = importer.builder
    ops = [op for part in parts if isinstance(op := builder.operator(part.tensor), LAYERS)]
    if len(ops) < len(parts) or len({builder.operands(part.tensor) for part in parts}) > 1:
        return None
    sources = builder.operands(parts[0].tensor)
    (step, *others) = builder.types[sources[0]].scale
    first = ops[0]
    if others or step * (1 / step) != 1 or not all(_alike(first, op) for op in ops):
        return None
    weight, bias = np.zeros(first.weight.shape), _per_channel(constants, len(first.bias))
    for op, part, factor in zip(ops, parts, terms.values(), strict=True):
        scale = np.broadcast_to(np.array(importer.type(part).scale), len(op.bias))
        if bias is None or (scale != np.rint(scale)).any():
            return None
        weight = weight + factor * op.weight * scale.reshape(-1, *[1] * (op.weight.ndim - 1))
        bias = bias + factor * op.bias * scale
    if bias is None or (weight != np.rint(weight)).any() or np.abs(weight).max(initial=0) > MOST_WEIGHT:
        return None
    whole = replace(first, weight=weight.astype(np.int64), bias=bias.astype(np.int64), weight_scale=(1 / step,))
    node = importer.producer(next(iter(terms)))
    assert node is not None
    (tensor,) = builder.add(whole, list(sources), place_of(node), [name])
    return Activation(tensor, parts[0].layout, origin=name)


def _alike(first: object, other: object) -> bool:
    """Whether two layers differ in their numbers at most."""
    kept = [{k: v for k, v in vars(op).items() if k not in ("weight", "bias", "weight_scale")} for op in (first, other)]
    return type(first) is type(other) and kept[0] == kept[1]


def _per_channel(constants: list[Integers], channels: int) -> NDArray[np.float64] | None:
    """Their sum (C,); None where one varies within a channel."""
    total = np.zeros(channels)
    for array in constants:
        sizes = (*[1] * (4 - array.ndim), *array.shape)
        if len(sizes) != 4 or sizes[1] not in (1, channels) or array.size != sizes[1]:
            return None
        total = total + array.reshape(-1)
    return total
