"""What follows a TFLite network's last integers, as ONNX for the host: real values, (1, H, W, C) as in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from codesign.frontend.tail import IR_VERSION, Tail
from codesign.frontend.tflite.model import Tensor
from codesign.graph.types import Shape

OPSET = 17
INTEGERS = {"INT32": TensorProto.INT32, "INT64": TensorProto.INT64}


class TailNodes:
    """The nodes of the host so far."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: dict[str, tuple[str, list[int]]] = {}

    def source(self, tensor: str, shape: Shape, of: Tensor) -> str:
        """The real values of `tensor` (C, H, W) of the builder, in the file's shape, which that of `of` is."""
        channels, height, width = shape
        if height * width == 1:
            self._inputs[of.name] = tensor, list(of.shape)
            return of.name
        self._inputs[of.name] = tensor, [1, channels, height, width]
        return self.add("Transpose", [of.name], f"{of.name}:nhwc", perm=[0, 2, 3, 1])

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Appends a node of ONNX and returns its output."""
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def reshape(self, name: str, result: Tensor) -> str:
        """`name` in the shape of `result`, as whose values it goes on."""
        shape = self._constant(f"{result.name}:shape", np.array(result.shape, np.int64))
        return self.add("Reshape", [name, shape], result.name)

    def scaled(self, name: str, factor: float) -> str:
        return self.add("Mul", [name, self._constant(f"{name}:factor", np.array(factor, np.float32))], f"{name}:scaled")

    def cast(self, name: str, result: Tensor) -> str:
        """`name` as integers of the type of `result`, as whose values it goes on."""
        return self.add("Cast", [name], result.name, to=INTEGERS[result.type])

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def finish(self, outputs: Sequence[Tensor]) -> Tail:
        """The tail that gives `outputs` by the names and in the shapes that they have in the file."""
        graph = helper.make_graph(
            self._nodes,
            "tail",
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, (_, shape) in self._inputs.items()
            ],
            [
                helper.make_tensor_value_info(output.name, INTEGERS.get(output.type, TensorProto.FLOAT), output.shape)
                for output in outputs
            ],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return Tail(model, {name: tensor for name, (tensor, _) in self._inputs.items()})
