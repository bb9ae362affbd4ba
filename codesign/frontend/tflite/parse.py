"""The bytes of a TFLite file as a model. Whatever the bytes are, they are a model or are refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import isfunction
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError, first_line
from codesign.extras import lacking
from codesign.frontend.tflite.model import AGAIN, FULL_INTEGER, Model, Operator, Tensor

IDENTIFIER = b"TFL3"
ENDING = ".tflite"
VERSION = 3
"""The version of the schema, the only one since 2017."""

MOST_BYTES = (1 << 31) - 1
MOST_TENSORS = 20_000
MOST_RANK = 8
MOST_VALUES = 1 << 27
"""The most values of one tensor."""

TYPES = {
    "FLOAT32": np.float32,
    "FLOAT16": np.float16,
    "INT32": np.int32,
    "UINT8": np.uint8,
    "INT64": np.int64,
    "BOOL": np.bool_,
    "INT16": np.int16,
    "INT8": np.int8,
}
UNREADABLE = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError, KeyError, MemoryError)
"""What reading the bytes of another file, or of a damaged one, raises."""


def is_tflite(path: Path) -> bool:
    """Whether the file at `path` is one of TFLite, by its name or by its first bytes."""
    if path.suffix == ENDING:
        return True
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == IDENTIFIER
    except OSError:
        return False


def load_model(path: Path) -> Model:
    """The model in the file at `path`. Raises GraphError as `parse` does, ToolError without the package `tflite`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise GraphError(f"is larger than {MOST_BYTES >> 20} MiB", where=str(path), remedy="use a smaller network")
        content = path.read_bytes()
    except FileNotFoundError:
        raise GraphError("there is no such file", where=str(path), remedy="give a TFLite file") from None
    except OSError as error:
        raise GraphError(f"cannot be read ({error.strerror})", where=str(path)) from None
    try:
        return parse(content)
    except GraphError as error:
        raise GraphError(error.what, where=error.where or str(path), remedy=error.remedy) from None


def parse(content: bytes) -> Model:
    """The model that `content` holds. Raises GraphError for what is no TFLite file, or one that is damaged."""
    if content[4:8] != IDENTIFIER:
        raise GraphError("is no TFLite file", remedy="give one that a TFLite converter wrote")
    schema = _schema()
    try:
        return _model(schema, schema.Model.GetRootAs(content, 0), len(content))
    except UNREADABLE as error:
        reason = first_line(error)
        raise GraphError(f"is a damaged TFLite file ({reason})", remedy="copy or convert it again") from None


def _schema() -> Any:
    try:
        return import_module("tflite")
    except ImportError as error:
        raise lacking(error) or error from None


def _model(schema: Any, root: Any, size: int) -> Model:
    if root.Version() != VERSION:
        raise GraphError(f"is of version {root.Version()} of TFLite's schema, not {VERSION}", remedy=AGAIN)
    if root.SubgraphsLength() != 1:
        raise GraphError(f"has {root.SubgraphsLength()} graphs", remedy="convert it without control flow")
    graph = root.Subgraphs(0)
    for what, count in (("tensors", graph.TensorsLength()), ("operators", graph.OperatorsLength())):
        if count > min(MOST_TENSORS, size):
            raise GraphError(f"has {count} {what}, more than {MOST_TENSORS}", remedy="use a smaller network")
    names = _names(graph)
    tensors = tuple(_tensor(schema, root, graph.Tensors(i), name) for i, name in enumerate(names))
    operators = tuple(_operator(schema, root, graph, i) for i in range(graph.OperatorsLength()))
    model = Model(tensors, operators, _indices(graph, "Inputs"), _indices(graph, "Outputs"))
    _check_wiring(model)
    return model


def _names(graph: Any) -> list[str]:
    """The names of all tensors, made different where they are not."""
    found: dict[str, int] = {}
    for index in range(graph.TensorsLength()):
        name = (graph.Tensors(index).Name() or b"").decode(errors="replace")
        found[f"{name}:{index}" if not name or name in found else name] = index
    return list(found)


def _tensor(schema: Any, root: Any, raw: Any, name: str) -> Tensor:
    where = f"tensor {name}"
    shape = tuple(int(size) for size in _numbers(raw, "Shape"))
    if len(shape) > MOST_RANK or min(shape, default=1) < 0 or prod(shape) > MOST_VALUES:
        raise GraphError(
            f"has the shape {list(shape[:MOST_RANK])}", where=where, remedy=f"use up to {MOST_VALUES} values"
        )
    kind = _members(schema.TensorType).get(raw.Type(), f"of type {raw.Type()}")
    if raw.IsVariable():
        raise GraphError("keeps a state from frame to frame", where=where, remedy="convert a network without states")
    if raw.Sparsity() is not None:
        raise GraphError("has sparse weights", where=where, remedy="convert it with dense weights")
    scales, zeros, axis = _quantization(raw, where)
    return Tensor(name, shape, kind, scales, zeros, axis, _data(root, raw, kind, shape, where))


def _quantization(raw: Any, where: str) -> tuple[tuple[float, ...], tuple[int, ...], int]:
    found = raw.Quantization()
    scales = () if found is None else tuple(float(scale) for scale in _numbers(found, "Scale"))
    zeros = () if found is None else tuple(int(zero) for zero in _numbers(found, "ZeroPoint"))
    if not scales:
        return (), (), 0
    if len(zeros) not in (0, len(scales)):
        raise GraphError(f"has {len(scales)} scales, and {len(zeros)} zero points", where=where, remedy=AGAIN)
    if not all(0 < scale < np.inf for scale in scales):
        raise GraphError("has a scale that is no positive, finite number", where=where, remedy=AGAIN)
    return scales, zeros or (0,) * len(scales), int(found.QuantizedDimension())


def _data(root: Any, raw: Any, kind: str, shape: tuple[int, ...], where: str) -> NDArray[Any] | None:
    """The constant's values; None for what is computed."""
    buffer = root.Buffers(raw.Buffer()) if raw.Buffer() < root.BuffersLength() else None
    if buffer is None:
        raise GraphError(f"lies in buffer {raw.Buffer()}, which there is not", where=where, remedy=AGAIN)
    if buffer.Offset() > 1:
        raise GraphError("has its values behind the model", where=where, remedy="convert a model below 2 GiB")
    content = _numbers(buffer, "Data")
    if not len(content) or kind not in TYPES:
        return None
    dtype = np.dtype(TYPES[kind])
    if len(content) != prod(shape) * dtype.itemsize:
        raise GraphError(f"has {len(content)} bytes for {list(shape)} values", where=where, remedy=AGAIN)
    return content.view(dtype).reshape(shape)


def _numbers(table: Any, vector: str) -> NDArray[Any]:
    """A vector of numbers; empty where the file leaves it out."""
    found = getattr(table, f"{vector}AsNumpy")()
    return np.array([]) if isinstance(found, int) else found


def _indices(table: Any, vector: str) -> tuple[int, ...]:
    return tuple(int(index) for index in _numbers(table, vector))


def _operator(schema: Any, root: Any, graph: Any, index: int) -> Operator:
    raw = graph.Operators(index)
    if raw.OpcodeIndex() >= root.OperatorCodesLength():
        raise GraphError(f"operator {index} is of no kind that the file lists", remedy=AGAIN)
    code = root.OperatorCodes(raw.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = _members(schema.BuiltinOperator).get(number, f"operator {number}")
    if kind == "CUSTOM":
        kind = (code.CustomCode() or b"CUSTOM").decode(errors="replace")
    type_ = raw.BuiltinOptionsType()
    name, table = _members(schema.BuiltinOptions).get(type_, "NONE"), raw.BuiltinOptions()
    options = {} if name == "NONE" or table is None else dict(_options(getattr(schema, name), table))
    return Operator(
        index,
        kind,
        code.Version(),
        _indices(raw, "Inputs"),
        _indices(raw, "Outputs"),
        options,
        number,
        type_ if options else 0,
        table if options else None,
    )


def _options(kind: Any, table: Any) -> Iterator[tuple[str, Any]]:
    """All options of a table, by their names in the schema, as snake_case: stride_w."""
    found = kind()
    found.Init(table.Bytes, table.Pos)
    for name, method in vars(kind).items():
        if not isfunction(method) or name.endswith(("AsNumpy", "Length", "IsNone")) or name == "Init":
            continue
        vector = f"{name}AsNumpy" in vars(kind)
        yield _snake(name), _numbers(found, name).tolist() if vector else getattr(found, name)()


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


@cache
def _members(enumeration: Any) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _check_wiring(model: Model) -> None:
    """Every tensor that is named exists, and is computed once."""
    count = len(model.tensors)
    given = {i for i in model.inputs if 0 <= i < count}
    if len(model.inputs) != 1 or not given:
        raise GraphError(f"has {len(model.inputs)} inputs", remedy="a network with one input is supported")
    if not model.operators:
        raise GraphError("computes nothing", remedy=FULL_INTEGER)
    for operator in model.operators:
        if not operator.outputs or not all(0 <= i < count for i in operator.outputs):
            raise GraphError(f"{operator.kind} has no output", remedy=AGAIN)
        if not all(-1 <= i < count for i in operator.inputs):
            raise GraphError("reads a tensor that there is not", where=model.where(operator), remedy=AGAIN)
        for output in operator.outputs:
            if output in given or model.tensors[output].data is not None:
                raise GraphError("computes what there is already", where=model.where(operator), remedy=AGAIN)
            given.add(output)
    if not model.outputs or not all(i in given for i in model.outputs):
        raise GraphError("an output is computed by no operator", remedy=AGAIN)
