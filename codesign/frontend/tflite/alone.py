"""One operator of a TFLite file alone in LiteRT: what its reference kernel makes of every code."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError, first_line
from codesign.extras import lacking
from codesign.frontend.tflite.model import Operator, Tensor
from codesign.frontend.tflite.parse import IDENTIFIER, TYPES, VERSION


def interpreter(content: bytes) -> Any:
    """LiteRT with its reference kernels, which keeps all tensors of the file `content`.

    Raises ToolError without LiteRT, GraphError if it refuses the file.
    """
    try:
        litert = import_module("ai_edge_litert.interpreter")
    except ImportError as error:
        raise lacking(error) or error from None
    try:
        found = litert.Interpreter(
            model_content=content,
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        found.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise _refused(error) from None
    return found


def run(interpreter: Any, given: Sequence[tuple[int, NDArray[Any]]]) -> None:
    """One frame: tensors and what they are. Raises GraphError where LiteRT refuses the file."""
    try:
        for index, values in given:
            interpreter.set_tensor(index, values)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        raise _refused(error) from None


def _refused(error: Exception) -> GraphError:
    reason = first_line(error)
    return GraphError(f"LiteRT does not run it ({reason})", remedy="convert the file again")


def run_alone(operator: Operator, inputs: Sequence[Tensor], codes: Sequence[NDArray[Any]], output: Tensor) -> Any:
    """The codes (K,) that `operator` makes of `codes`, (K,) each: it takes every element by itself.

    inputs, output: tensors of the file, whose types, scales and zero points these are.
    """
    count = codes[0].size
    found = interpreter(_written(operator, [*inputs, output], count))
    given: list[NDArray[Any]] = [
        c.astype(TYPES[tensor.type]).reshape(1, count) for tensor, c in zip(inputs, codes, strict=True)
    ]
    run(found, list(enumerate(given)))
    return found.get_tensor(len(inputs)).reshape(count)


def _written(operator: Operator, tensors: Sequence[Tensor], count: int) -> bytes:
    """A file of nothing but `operator`, whose tensors, its output last, are of shape (1, count)."""
    schema: Any = import_module("ai_edge_litert.schema_py_generated")
    flatbuffers: Any = import_module("flatbuffers")
    model, graph, node, code = schema.ModelT(), schema.SubGraphT(), schema.OperatorT(), schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = operator.code, min(operator.code, 127)
    code.version = operator.version
    graph.tensors = [_tensor(schema, tensor, place, count) for place, tensor in enumerate(tensors)]
    node.inputs = graph.inputs = np.arange(len(tensors) - 1, dtype=np.int32)
    node.outputs = graph.outputs = np.array([len(tensors) - 1], np.int32)
    node.builtinOptionsType = operator.options_type
    node.builtinOptions = (
        schema.BuiltinOptionsCreator(operator.options_type, operator.table) if operator.table else None
    )
    graph.operators = [node]
    model.version, model.operatorCodes, model.subgraphs = VERSION, [code], [graph]
    model.buffers = [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _tensor(schema: Any, tensor: Tensor, place: int, count: int) -> Any:
    made = schema.TensorT()
    made.name, made.shape, made.buffer = f"tensor_{place}", np.array([1, count], np.int32), 0
    made.type = getattr(schema.TensorType, tensor.type)
    made.quantization = schema.QuantizationParametersT()
    made.quantization.scale = np.array(tensor.scales, np.float32)
    made.quantization.zeroPoint = np.array(tensor.zeros, np.int64)
    return made
