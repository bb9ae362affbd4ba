"""The nodes from a network's last integers to the scores that a class is chosen by.

Only what says of every class by itself how good it is: functions of one value, the same for all pixels, and nodes that
move values; behind them softmax, which leaves the order as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from codesign.errors import GraphError
from codesign.frontend.run_tail import TailRun
from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_real

MOVING = frozenset("Flatten Identity Reshape Squeeze Transpose Unsqueeze".split())  # noqa: SIM905
COUPLING = frozenset(("LogSoftmax", "Softmax"))
"""They keep the order, but a value depends on those of the other classes."""
AFFINE = frozenset("Add BatchNormalization Div Identity Mul Sub".split())  # noqa: SIM905
RISING = frozenset(
    "Cast Clip Elu Erf Exp Log Relu Selu Sigmoid Softplus Sqrt Tanh LeakyRelu HardSigmoid".split()  # noqa: SIM905
)
"""Functions that never fall, as they are in networks."""
OTHER = frozenset(
    "Abs DequantizeLinear Floor Gelu HardSwish Max Min Neg PRelu Pow QuantizeLinear Reciprocal".split()  # noqa: SIM905
)
VALUE_BY_VALUE = AFFINE | RISING | OTHER
LEAVE_OUT = "leave --argmax out: the host computes it then"


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of every class and pixel, real values behind the integers `tensor` of `graph`.

    nodes: of `tail`, from its input `source` to `end`, the scores. Without a tail the integers are the scores.
    """

    graph: Graph
    tensor: str
    tail: onnx.ModelProto | None = None
    source: str = ""
    end: str = ""
    nodes: tuple[onnx.NodeProto, ...] = ()

    @property
    def functions(self) -> list[onnx.NodeProto]:
        """Nodes that change values, one by one."""
        return [node for node in self.nodes if node.op_type not in MOVING | COUPLING]

    @property
    def coupling(self) -> list[onnx.NodeProto]:
        return [node for node in self.nodes if node.op_type in COUPLING]

    @property
    def before_coupling(self) -> str:
        """The tensor whose every value comes from one integer."""
        return self.coupling[0].input[0] if self.coupling else self.end

    @property
    def after_affine(self) -> str:
        """The tensor up to which a value is a factor of its integer and an offset."""
        curved = [node for node in self.nodes if node.op_type not in MOVING | AFFINE]
        return curved[0].input[0] if curved else self.end

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """In the shape of the scores, the place of the integer (C, H, W), flattened, that each is made of."""
        return self._places(self.end)

    def _places(self, end: str) -> NDArray[np.int64]:
        kind = self.graph.types[self.tensor]
        numbers = np.arange(np.prod(kind.shape), dtype=np.float32)
        if self.tail is None:
            return numbers.astype(np.int64).reshape(1, *kind.shape)
        (given,) = self.tail.graph.input
        numbers = numbers.reshape([dim.dim_value for dim in given.type.tensor_type.shape.dim])
        if end == self.source:
            return numbers.astype(np.int64)
        moved = onnx.ModelProto()
        moved.CopyFrom(self.tail)
        del moved.graph.node[:], moved.graph.output[:]
        for node in self.nodes:
            moved.graph.node.append(
                node if node.op_type in MOVING else helper.make_node("Identity", node.input[:1], node.output[:1])
            )
        moved.graph.output.append(helper.make_empty_tensor_value_info(end))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(moved.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (found,) = session.run([end], {self.source: numbers})
        return np.asarray(found).astype(np.int64)

    def reals(self, integers: IntArray, end: str) -> NDArray[Any]:
        """What the host makes of frames (N, C, H, W) up to the tensor `end`, in the same places."""
        kind = self.graph.types[self.tensor]
        if self.tail is None or end == self.source:
            return to_real(integers, kind)
        run = TailRun(self.tail, self.graph, {self.source: self.tensor}, [end])
        found = run({self.tensor: integers})[end].reshape(len(integers), -1)
        reals = np.empty_like(found)
        reals[:, self._places(end).reshape(-1)] = found
        return reals.reshape(integers.shape)

    def factors(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(C,) each: scores are factor * q + offset, as far as they are affine and float32 tells.

        The factor is told by both ends of the integers, the offset by that next to 0, where float32 is finest.
        """
        kind = self.graph.types[self.tensor]
        near = kind.lo + kind.step * round((min(max(0, kind.lo), kind.hi) - kind.lo) / kind.step)
        some = np.array([kind.lo, kind.hi, near], np.int32).reshape(3, 1, 1, 1)
        found = self.reals(np.broadcast_to(some, (3, *kind.shape)), self.after_affine)[:, :, 0, 0].astype(float)
        slope = (found[1] - found[0]) / max(1, kind.hi - kind.lo)
        return slope, found[2] - slope * near

    @cached_property
    def alike(self) -> bool:
        """Whether all classes have the same function. Raises GraphError where pixels have not."""
        kind = self.graph.types[self.tensor]
        found = len(set(kind.scale)) == 1
        for node in self.functions:
            for values in self._constants(node):
                found &= self._same_for_all(node, values)
        return found

    def _constants(self, node: onnx.NodeProto) -> list[NDArray[Any]]:
        assert self.tail is not None
        known = {tensor.name: tensor for tensor in self.tail.graph.initializer}
        arrays = [numpy_helper.to_array(known[name]) for name in node.input if name in known]
        if node.op_type == "BatchNormalization":
            rank = self._places(node.output[0]).ndim
            return [array.reshape(-1, *[1] * (rank - 2)) for array in arrays]
        return arrays

    def _same_for_all(self, node: onnx.NodeProto, values: NDArray[Any]) -> bool:
        if values.size == 1:
            return True
        places = self._places(node.output[0])
        try:
            spread = np.broadcast_to(values, places.shape).reshape(-1)
        except ValueError:
            raise refused(node, "changes the number of scores") from None
        classes = places.reshape(-1) // self.graph.types[self.tensor].pixels
        of_class = np.zeros(classes.max() + 1, spread.dtype)
        of_class[classes] = spread
        if (of_class[classes] != spread).any():
            raise refused(node, "has a constant for each pixel")
        return bool((spread == spread[0]).all())


def refused(node: onnx.NodeProto, what: str) -> GraphError:
    """What a node between the integers and the choice does."""
    return GraphError(
        f"{what}, so that no integers are known to have the order of its classes",
        where=f"{node.op_type} {node.name or node.output[0]}",
        remedy=LEAVE_OUT,
    )


def scores_of(graph: Graph, tail: onnx.ModelProto, source: str, tensor: str, end: str) -> Scores:
    """The scores `end` of a tail whose input `source` has the real values of `tensor`.

    Raises GraphError, with the node, where a score is no function of one integer.
    """
    constants = {known.name for known in tail.graph.initializer}
    producers = {name: node for node in tail.graph.node for name in node.output}
    nodes: list[onnx.NodeProto] = []
    name = end
    while name != source:
        node = producers[name]
        given = [each for each in node.input if each and each not in constants]
        if len(given) != 1:
            raise refused(node, "puts several values together")
        if node.op_type not in MOVING | COUPLING | VALUE_BY_VALUE:
            raise refused(node, "is no function of one score")
        nodes.append(node)
        (name,) = given
    found = Scores(graph, tensor, tail, source, end, tuple(reversed(nodes)))
    _check_behind_coupling(found)
    return found


def _check_behind_coupling(scores: Scores) -> None:
    coupled = False
    for node in scores.nodes:
        if coupled and node.op_type not in MOVING | COUPLING:
            raise refused(node, "goes on with probabilities")
        coupled |= node.op_type in COUPLING
