"""RESHAPE, SQUEEZE and EXPAND_DIMS, which move nothing, and CONCATENATION of channels."""

from __future__ import annotations

from math import prod

from codesign.errors import GraphError
from codesign.frontend.reader import ANY, only
from codesign.frontend.tflite.importer import Importer, code_of, graph_shape
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes, Fed, Hosted, Padded, Value
from codesign.graph.ops.concat import Concat


def read_reshape(importer: Importer, operator: Operator) -> Value:
    """The same values in the shape of the result: a map as one vector, or with or without sides of 1."""
    value, result = importer.value(operator.inputs[0]), importer.result(operator)
    given = importer.tensor(operator, 0).shape
    if prod(given) != prod(result.shape):
        raise GraphError(f"makes {list(result.shape)} of {list(given)}", remedy=AGAIN)
    if isinstance(value, Hosted):
        return Hosted(importer.tail.reshape(value.name, result), value.reason)
    if isinstance(value, Fed):
        if code_of(importer.model.tensors[value.index]) != code_of(result):
            raise GraphError("changes the scale or the zero point", remedy=AGAIN)
        return Fed(value.index, result.shape)
    if isinstance(value, Padded):
        raise GraphError("reads a map with a border", remedy="pad before convolutions only")
    shape = importer.kind(value).shape
    flat = result.shape == (1, prod(shape))
    if not flat and not (2 <= len(result.shape) <= 4 and result.shape[0] == 1 and graph_shape(result.shape) == shape):
        raise GraphError(
            f"makes {list(result.shape)} of a map of {list(value.shape)}", remedy="flatten maps, or keep their sides"
        )
    return Codes(value.tensor, value.code, result.shape, value.real)


def read_concatenation(importer: Importer, operator: Operator) -> Codes:
    """The channels of several maps or vectors one after another, all of one scale and zero point."""
    values = [importer.codes(operator, index) for index in range(len(operator.inputs))]
    result = importer.result(operator)
    if {value.code for value in values} != {code_of(result)}:
        raise GraphError("puts tensors of different scales together", remedy="convert it again: int8 needs one scale")
    ranks = {len(value.shape) for value in values}
    kinds = [importer.kind(value) for value in values]
    vectors = all(kind.pixels == 1 for kind in kinds)
    if (
        len(ranks) > 1
        or operator.option("axis") % len(result.shape) != len(result.shape) - 1
        or not (vectors or ranks == {4})
    ):
        raise GraphError("puts together what are no channels", remedy="concatenate along the last axis")
    return importer.emit(Concat(), values, operator)


READERS = (
    Reader("RESHAPE", read_reshape, 1, {"new_shape": ANY}, range(1, 3)),
    Reader("SQUEEZE", read_reshape, 2, {"squeeze_dims": ANY}),
    Reader("EXPAND_DIMS", read_reshape, 1, {}, range(2, 3)),
    Reader("CONCATENATION", read_concatenation, 3, {"axis": ANY, "fused_activation_function": only(0)}, range(2, 1000)),
)
