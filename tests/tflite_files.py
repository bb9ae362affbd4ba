"""Small TFLite files, written operator by operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.frontend.tflite.read import import_network
from codesign.frontend.tflite.run import run_tflite
from codesign.graph import Graph, execute
from codesign.graph.reals import random_integers

SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)


class TFLiteNet:
    """A file under construction; every method that adds something returns the index of its tensor."""

    def __init__(self, seed: int = 0) -> None:
        import ai_edge_litert.schema_py_generated as schema

        self.schema = schema
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.inputs: list[int] = []
        self.rng = np.random.default_rng(seed)

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

    def conv(
        self,
        x: int,
        weight: NDArray[np.int8],
        shape: tuple[int, ...],
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: int = SAME,
        activation: int = NONE,
        scale: float = 0.07,
        zero: int = -3,
        depth_multiplier: int = 0,
    ) -> int:
        """CONV_2D, or DEPTHWISE_CONV_2D with a depth multiplier; every output channel has a scale of its own."""
        axis = 3 if depth_multiplier else 0
        outputs = weight.shape[axis]
        scales = self.rng.uniform(0.2, 2, outputs) * scale / self.scale(x) / np.sqrt(weight.size / outputs) / 60
        bias = self.rng.integers(-3000, 3000, outputs).astype(np.int32)
        inputs = [
            x,
            self.constant(weight, scales, axis),
            self.constant(bias, (scales * self.scale(x)).astype(np.float32)),
        ]
        kind, more = "CONV_2D", {}
        if depth_multiplier:
            kind, more = "DEPTHWISE_CONV_2D", {"depthMultiplier": depth_multiplier}
        return self.op(
            kind,
            inputs,
            self.tensor(shape, scale, zero),
            3,
            table="DepthwiseConv2DOptions" if depth_multiplier else "Conv2DOptions",
            padding=padding,
            strideH=stride[0],
            strideW=stride[1],
            dilationHFactor=dilation[0],
            dilationWFactor=dilation[1],
            fusedActivationFunction=activation,
            **more,
        )

    def dense(
        self, x: int, weight: NDArray[np.int8], channels: bool = False, activation: int = NONE, biased: bool = True
    ) -> int:
        """FULLY_CONNECTED; channels: with one weight scale an output."""
        outputs, count = weight.shape
        scales = self.rng.uniform(0.2, 2, outputs if channels else 1) / self.scale(x) / np.sqrt(count) / 800
        bias = self.rng.integers(-3000, 3000, outputs).astype(np.int32)
        inputs = [x, self.constant(weight, scales), self.constant(bias, (scales * self.scale(x)).astype(np.float32))]
        output = self.tensor((1, outputs), 0.08, 11)
        given, options = inputs if biased else inputs[:2], {"fusedActivationFunction": activation}
        return self.op("FULLY_CONNECTED", given, output, 5, table="FullyConnectedOptions", **options)

    def pool(
        self, kind: str, x: int, shape: tuple[int, ...], size: int, stride: int, padding: int, activation: int = NONE
    ) -> int:
        windows = {"filterHeight": size, "filterWidth": size, "strideH": stride, "strideW": stride, "padding": padding}
        output = self.tensor(shape, self.scale(x), self.zero(x))
        return self.op(kind, [x], output, 2, table="Pool2DOptions", fusedActivationFunction=activation, **windows)

    def add(self, a: int, b: int, scale: float, zero: int = 0, activation: int = NONE) -> int:
        output = self.tensor(tuple(self.tensors[a].shape.tolist()), scale, zero)
        return self.op("ADD", [a, b], output, 2, table="AddOptions", fusedActivationFunction=activation)

    def mul(self, a: int, b: int, scale: float, zero: int = 0, activation: int = NONE) -> int:
        shape = max((self.tensors[index].shape.tolist() for index in (a, b)), key=np.prod)
        output = self.tensor(tuple(shape), scale, zero)
        return self.op("MUL", [a, b], output, 2, table="MulOptions", fusedActivationFunction=activation)

    def scale(self, index: int) -> float:
        return float(self.tensors[index].quantization.scale[0])

    def zero(self, index: int) -> int:
        return int(self.tensors[index].quantization.zeroPoint[0])

    def weights(self, *shape: int) -> NDArray[np.int8]:
        return self.rng.integers(-127, 128, shape).astype(np.int8)

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


def exact(path: Path, frames: int = 6) -> Graph:
    """The graph of the file, all of whose tensors have been found to be LiteRT's, at the ends of its range too."""
    graph = import_network(path).graph
    ((name, kind),) = graph.inputs.items()
    images = random_integers(np.random.default_rng(1), kind, frames)
    images[0], images[1] = kind.lo, kind.hi
    values = execute(graph, {name: images}, keep=tuple(graph.types))
    found = run_tflite(path, graph, images)
    assert set(graph.outputs) <= set(found)
    for tensor, integers in found.items():
        assert (integers == values[tensor]).all(), f"{tensor}: {graph.origins[tensor]}"
    return graph
