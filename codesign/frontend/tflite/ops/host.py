"""SOFTMAX and ARG_MAX: they stay on the host, with real values."""

from __future__ import annotations

from codesign.errors import GraphError
from codesign.frontend.reader import ANY
from codesign.frontend.tflite.importer import LATER, Importer
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes, Fed, Hosted


def read_softmax(importer: Importer, operator: Operator) -> Hosted:
    """softmax(beta * x) over the last axis; LiteRT rounds it to a step of its output's scale, the host does not."""
    name, beta = _source(importer, operator), float(operator.option("beta"))
    result = importer.result(operator)
    if beta != 1:
        name = importer.tail.scaled(name, beta)
    return Hosted(importer.tail.add("Softmax", [name], result.name, axis=-1), _reason(importer, operator))


def read_arg_max(importer: Importer, operator: Operator) -> Hosted:
    """The index of the largest value over the last axis, the first of equal ones."""
    axis, result = importer.tensor(operator, 1), importer.result(operator)
    rank = len(importer.tensor(operator, 0).shape)
    if axis.data is None or axis.data.size != 1 or int(axis.data.flat[0]) % rank != rank - 1:
        raise GraphError("takes no maximum over the last axis", remedy="take it over the channels or classes")
    if isinstance(importer.value(operator.inputs[0]), Hosted):
        raise GraphError("takes the maximum of what LiteRT rounds", remedy="take it of the integers before the softmax")
    name = importer.tail.add(
        "ArgMax", [_source(importer, operator)], f"{result.name}:int64", axis=-1, keepdims=0, select_last_index=0
    )
    return Hosted(importer.tail.cast(name, result), _reason(importer, operator))


def _source(importer: Importer, operator: Operator) -> str:
    """The real values of the input, in the tail."""
    value = importer.value(operator.inputs[0])
    if isinstance(value, Hosted):
        return value.name
    x = value if isinstance(value, Codes) else importer.codes(operator)
    if isinstance(value, Fed):
        raise GraphError("reads the network's input", remedy="add a layer")
    kind = importer.kind(x)
    if kind.pixels > 1 and len(x.shape) != 4:
        raise GraphError("reads a map as one vector", remedy="end in a layer")
    return importer.tail.source(x.tensor, kind.shape, importer.tensor(operator, 0))


def _reason(importer: Importer, operator: Operator) -> GraphError:
    return GraphError(
        f"{operator.kind} stays on the host, and layers follow it", where=importer.model.where(operator), remedy=LATER
    )


READERS = (
    Reader("SOFTMAX", read_softmax, 3, {"beta": ANY}),
    Reader("ARG_MAX", read_arg_max, 3, {"output_type": ANY}, range(2, 3)),
)
