"""Small TFLite files, written operator by operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)


class TFLiteNet:
    """A file under construction; every method that adds something returns the index of its tensor."""

    def __init__(self) -> None:
        import ai_edge_litert.schema_py_generated as schema

        self.schema = schema
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.inputs: list[int] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        scale: Any = (),
        zero: Any = 0,
        data: NDArray[Any] | None = None,
        kind: str = "INT8",
        axis: int = 0,
    ) -> int:
        made = self.schema.TensorT()
        made.name, made.shape = f"net/t{len(self.tensors)}/x", np.array(shape, np.int32)
        made.type = getattr(self.schema.TensorType, kind)
        made.buffer = 0
        scales = np.atleast_1d(np.array(scale, np.float32))
        if scales.size:
            made.quantization = self.schema.QuantizationParametersT()
            made.quantization.scale = scales
            made.quantization.zeroPoint = np.full(scales.size, zero, np.int64)
            made.quantization.quantizedDimension = axis
        if data is not None:
            made.buffer = len(self.buffers)
            self.buffers.append(self.schema.BufferT())
            self.buffers[-1].data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        self.tensors.append(made)
        return len(self.tensors) - 1

    def input(self, shape: tuple[int, ...], scale: Any = 0.05, zero: int = 0, kind: str = "INT8") -> int:
        self.inputs = [self.tensor(shape, scale, zero, kind=kind)]
        return self.inputs[0]

    def constant(self, array: NDArray[Any], scale: Any = (), axis: int = 0) -> int:
        return self.tensor(array.shape, scale, 0, array, array.dtype.name.upper(), axis)

    def op(self, kind: str, inputs: list[int], output: int, version: int = 1, **options: Any) -> int:
        """Options by their names in the schema, after the table's."""
        code = self.schema.OperatorCodeT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
        made = self.schema.OperatorT()
        made.opcodeIndex = len(self.codes)
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        table = options.pop("table", None)
        if table:
            made.builtinOptionsType = getattr(self.schema.BuiltinOptions, table)
            made.builtinOptions = getattr(self.schema, f"{table}T")()
            for name, value in options.items():
                assert hasattr(made.builtinOptions, name), name
                setattr(made.builtinOptions, name, value)
        self.codes.append(code)
        self.operators.append(made)
        return output

    def bytes(self, *outputs: int) -> bytes:
        import flatbuffers

        graph, model = self.schema.SubGraphT(), self.schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = np.array(self.inputs, np.int32), np.array(outputs, np.int32)
        model.version, model.operatorCodes, model.subgraphs = 3, self.codes, [graph]
        model.buffers = self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def write(self, folder: Path, *outputs: int) -> Path:
        path = folder / "net.tflite"
        path.write_bytes(self.bytes(*outputs))
        return path
