"""Nodes of two operands that are functions of the same integers, such as x * sigmoid(x): again a function of these."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from codesign.frontend.builder import Builder
from codesign.frontend.importer import Importer
from codesign.frontend.values import Activation, Branch, Meeting
from codesign.graph import Op
from codesign.graph.ops.lookup import MOST_VALUES, Lookup
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold

ONE_VALUE = (Lookup, Requant, Rescale, Threshold)
"""Operators of which each result depends on one value of the same channel and pixel."""


def meeting(importer: Importer, node: onnx.NodeProto) -> Activation | None:
    """What `node` makes of two activations; None if they do not come from the same integers.

    The sum of two that come from integers of more than 10 bits has another form, so that it is None too.
    """
    values = [importer.value(name) for name in node.input]
    if len(values) != 2:
        return None
    first, second = values
    if not isinstance(first, Activation) or not isinstance(second, Activation) or first.layout != second.layout:
        return None
    shapes = {importer.shape(name) for name in (*node.input, node.output[0])}
    if first.layout not in ("map", "flat") or len(shapes) > 1:
        return None
    origins = dict(_origins(importer.builder, second.tensor))
    for tensor, ops in _origins(importer.builder, first.tensor):
        few = importer.builder.types[tensor].hi - importer.builder.types[tensor].lo < MOST_VALUES
        if tensor in origins and (few or node.op_type != "Add"):
            branches = _branch(importer, first, ops), _branch(importer, second, origins[tensor])
            step = Meeting(node, branches, len(importer.shape(node.output[0])), importer.opset)
            turns = first.turns or second.turns or node.op_type
            return Activation(tensor, first.layout).followed(step, turns, turns=True)
    return None


def _origins(builder: Builder, tensor: str) -> Iterator[tuple[str, tuple[Op, ...]]]:
    """Integers that `tensor` is a function of, nearest first, each with the operators that lead from it."""
    ops: tuple[Op, ...] = ()
    yield tensor, ops
    while (step := _step(builder, tensor)) is not None:
        tensor, ops = step[0], (step[1], *ops)
        yield tensor, ops


def _step(builder: Builder, tensor: str) -> tuple[str, Op] | None:
    """The integers that `tensor` is a function of, and which; None if it is no function of one value."""
    if tensor in builder.clipped:
        return builder.clipped[tensor]
    op = builder.operator(tensor)
    return (builder.operands(tensor)[0], op) if isinstance(op, ONE_VALUE) else None


def _branch(importer: Importer, value: Activation, ops: tuple[Op, ...]) -> Branch:
    builder = importer.builder
    return Branch(ops, builder.types[value.tensor].scale, value.steps, builder.codes.get(value.tensor))
