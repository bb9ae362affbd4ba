"""What follows a network's last integers: it stays real-valued, and on the host.

A bias or batch norm of logits, softmax, sigmoid, argmax, a detector's boxes: nodes behind which no quantizer and no
layer with weights comes any more. They become a model of their own, whose inputs are the integers' real values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from codesign.errors import GraphError
from codesign.frontend.domains import ONNX, opset_of
from codesign.frontend.refusal import RefusalError
from codesign.frontend.values import Activation, Constant, Host, Joined, Step, Sum, Value

HOST = frozenset(
    """
    Abs Add ArgMax ArgMin BatchNormalization Cast Clip Concat DequantizeLinear Div Elu Erf Exp Expand Flatten Floor
    Gather Gelu HardSigmoid HardSwish Identity LayerNormalization LeakyRelu Log LogSoftmax Max Min Mul Neg PRelu Pow
    QuantizeLinear Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Selu Sigmoid Slice Softmax
    Softplus Split Sqrt Squeeze Sub Tanh TopK Transpose Unsqueeze Where
    """.split()  # noqa: SIM905
)
"""Operators that the host takes over: they compute little beside a layer with weights."""

IR_VERSION = 9


def for_the_host(node: onnx.NodeProto) -> bool:
    """Whether `node` is of an operator that a tail may have."""
    return node.domain == ONNX and node.op_type in HOST


@dataclass(frozen=True, eq=False)
class Tail:
    """The host's share of a network.

    model: its inputs are named and shaped as in the file, batch included. inputs: for each, the tensor of the builder
    whose real values it takes.
    """

    model: onnx.ModelProto
    inputs: dict[str, str]


class TailBuilder:
    """Collects the nodes between a file's integers and its outputs.

    value: what a tensor of the file stands for.
    """

    def __init__(self, model: ModelWrapper, value: Callable[[str], Value]) -> None:
        self.model = model
        self._value = value
        self._producers = {name: node for node in model.graph.node for name in node.output if name}
        self._nodes: dict[str, onnx.NodeProto] = {}
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._shapes = {value.name: value for value in (*model.graph.value_info, *model.graph.output)}

    def need(self, name: str, reason: GraphError | None = None) -> None:
        """Takes in what computes the tensor `name` of the file.

        Raises GraphError where no integers lead to it: `reason`, if that is known.
        """
        waiting = [(name, reason, False)]
        while waiting:  # not by recursion: a file may have thousands of nodes in a row
            name, reason, computed = waiting.pop()
            if computed:
                self._take(self._producers[name], name)
            elif name not in self._nodes and name not in self._constants and name not in self._inputs:
                value = self._value(name)
                reason = value.reason if isinstance(value, Host) else reason
                sources = self._sources(name, value, reason)
                if sources is not None:
                    waiting.append((name, reason, True))
                    waiting += [(source, reason, False) for source in reversed(sources)]

    def _sources(self, name: str, value: Value, reason: GraphError | None) -> list[str] | None:
        """Tensors that the host computes `name` from; None where it need not be computed."""
        if isinstance(value, Constant):
            self._constants[name] = numpy_helper.from_array(np.asarray(value.value), name)
            return None
        if isinstance(value, Activation) and integral(value):
            self._inputs[name] = value.tensor, self._shape(name)
            return None
        if not isinstance(value, Activation | Host | Sum | Joined):
            raise reason or _not_quantized(name)
        if isinstance(value, Activation) and self._is_bias(name, value):
            return None
        node = self._producers[name]
        if not for_the_host(node):
            raise reason or _not_quantized(name)
        return list(filter(None, node.input))

    def _is_bias(self, name: str, value: Activation) -> bool:
        """Whether `name` is a layer's sum with its bias, which the file adds in the layer; takes it in if it is."""
        step = value.steps[-1] if value.steps else None
        if not isinstance(step, Step) or step.node.output[0] != name:
            return False
        source = step.node.input[step.index]
        if source in self._producers:
            return False
        self._take(step.node, name)
        self._constants |= {key: numpy_helper.from_array(a, key) for key, a in step.constants.items()}
        self._inputs[source] = value.tensor, self._shape(name)
        return True

    def _take(self, node: onnx.NodeProto, name: str) -> None:
        self._nodes |= dict.fromkeys([name, *filter(None, node.output)], node)

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(int(size) for size in self.model.get_tensor_shape(name))

    def finish(self, outputs: Iterable[str]) -> Tail:
        """The tail that gives `outputs`, each of which has been needed."""
        nodes = list({id(node): node for node in self._nodes.values()}.values())
        graph = helper.make_graph(
            nodes,
            "tail",
            [
                helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
                for name, (_, shape) in self._inputs.items()
            ],
            [self._shapes[name] for name in outputs],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid(ONNX, opset_of(self.model.model))], ir_version=IR_VERSION
        )
        return Tail(model, {name: tensor for name, (tensor, _) in self._inputs.items()})


def _not_quantized(name: str) -> GraphError:
    return RefusalError(
        "is not quantized",
        where=f"output {name}",
        remedy="put a quantizer before the output",
        rewrite="insert_quantizer",
        tensor=name,
    )


def integral(value: Activation) -> bool:
    """Whether `value` is a tensor of integers as it stands: nothing scales, shifts or clips it."""
    return not (value.scaled or value.clipped or value.opaque) and value.layout in ("map", "flat")
