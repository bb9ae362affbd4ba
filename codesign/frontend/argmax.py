"""`--argmax`: what a classifier chooses, computed by the hardware: indices leave it in place of scores.

Where the file chooses itself, by ArgMax or TopK, what follows the indices is all that is left to the host. Where it
ends in scores, the largest of them are chosen, and nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from codesign.errors import GraphError
from codesign.frontend.network import CHOSEN, Network
from codesign.frontend.score_order import ordered
from codesign.frontend.scores import Scores, refused, scores_of
from codesign.frontend.tail_choice import chosen_from
from codesign.graph import Graph, Node
from codesign.graph.indices import Chosen
from codesign.graph.names import Names
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.top_k import TopK


@dataclass(frozen=True, eq=False)
class Choice:
    """A node of the tail that chooses: its indices, what they are the largest of, how many, and along which axis."""

    node: onnx.NodeProto
    indices: str
    count: int
    axis: int

    @property
    def kept(self) -> bool:
        """Whether an axis of one stays where the classes were."""
        options = {attribute.name: helper.get_attribute_value(attribute) for attribute in self.node.attribute}
        return self.node.op_type == "TopK" or bool(options.get("keepdims", 1))


def with_argmax(network: Network, count: int, output: Chosen, shape: Sequence[int]) -> Network:
    """`network` with indices of classes as its one output.

    count: so many of the largest; 0: as many as the file chooses, one if it chooses none. output, shape: what the
    file has of the integers, where nothing follows them. Raises GraphError, with the reason, for networks without one
    map of scores, and where no integers have the order of what the host would compute.
    """
    tensor = _scored(network)
    if network.tail is None:
        if shape[output.axis] != network.graph.types[tensor].channels:
            what = f"has {shape[output.axis]} scores in one row, which leave the hardware as a map"
            raise GraphError(what, where=f"output {output.output}", remedy="leave --argmax out, or end in a layer")
        scores = Scores(network.graph, tensor)
        graph = _with_top_k(network.graph, tensor, ordered(scores, False, count > 1), max(1, count))
        return Network(graph, chosen=output)
    (source,) = network.tail_inputs
    choice = _choice(network.tail)
    if choice is None:
        return _of_scores(network, tensor, source, max(1, count))
    if count not in (0, choice.count):
        raise GraphError(
            f"chooses the {choice.count} largest itself, not {count}",
            where=f"{choice.node.op_type} {choice.node.name or choice.indices}",
            remedy="leave --top-k out",
        )
    scores = scores_of(network.graph, network.tail, source, tensor, choice.node.input[0])
    _check_axis(scores, choice)
    graph = _with_top_k(network.graph, tensor, ordered(scores, True, choice.count > 1), choice.count)
    return _behind(network.tail, choice, scores, graph)


def _scored(network: Network) -> str:
    """The one tensor of the graph that scores come from."""
    outputs, graph = network.graph.outputs, network.graph
    if len(outputs) > 1:
        names = ", ".join(f"'{network.name_on_host(name)}'" for name in outputs)
        raise GraphError(
            f"has {len(outputs)} outputs ({names}), and an argmax takes the scores of one",
            where=graph.name,
            remedy="leave --argmax out, or export the network with its scores alone",
        )
    (tensor,) = outputs
    if graph.types[tensor].channels == 1:
        what = f"its output '{network.name_on_host(tensor)}' has one score: there is nothing to choose from"
        raise GraphError(what, where=graph.name, remedy="leave --argmax out")
    return tensor


def _of_scores(network: Network, tensor: str, source: str, count: int) -> Network:
    """What becomes of a file that ends in scores, whatever else it makes of the same ones."""
    assert network.tail is not None
    ends = list(chosen_from(network.tail))
    if len(ends) > 1:
        names = ", ".join(f"'{name}'" for name in ends)
        raise GraphError(
            f"its outputs {names} are different scores, and an argmax takes those of one",
            where=network.graph.name,
            remedy="leave --argmax out, or export the network with its scores alone",
        )
    scores = scores_of(network.graph, network.tail, source, tensor, ends[0])
    axis = _class_axis(scores)
    if axis is None:
        raise refused(scores.nodes[-1], "moves pixels or classes")
    graph = _with_top_k(network.graph, tensor, ordered(scores, False, count > 1), count)
    return Network(graph, chosen=Chosen(ends[0], axis))


def _with_top_k(graph: Graph, tensor: str, rescale: Rescale | None, count: int) -> Graph:
    """`graph` with the `count` largest of `tensor` as its output."""
    if count > graph.types[tensor].channels:
        raise GraphError(
            f"there are no {count} largest of {graph.types[tensor].channels} classes",
            where=graph.name,
            remedy="give fewer to --top-k",
        )
    names = Names()
    for name in graph.inputs:
        names.take(name)
    for node in graph.nodes:
        names.take(node.name, len(graph.output_names(node)))
    nodes = list(graph.nodes)
    if rescale is not None:
        nodes.append(Node(names.new("order"), rescale, (tensor,)))
        tensor = nodes[-1].name
    nodes.append(Node(names.new("argmax" if count == 1 else "top_k"), TopK(count), (tensor,)))
    return replace(graph, nodes=tuple(nodes), outputs=(nodes[-1].name,))


def _choice(tail: onnx.ModelProto) -> Choice | None:
    """The choice by whose indices alone an output is computed; None if there is none. Raises GraphError for several,
    and for those that the hardware does not make."""
    found = {node.output[-1]: node for node in tail.graph.node if node.op_type in ("ArgMax", "TopK")}
    live = {
        name: node for name, node in found.items() if any(_only_of(tail, out.name, name) for out in tail.graph.output)
    }
    if not live:
        return None
    (indices, node), *others = live.items()
    if others:
        raise refused(others[0][1], f"chooses beside {node.op_type} {node.name or indices}")
    options = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if options.get("select_last_index", 0):
        raise refused(node, "takes the last of equal scores, the hardware the first")
    if not options.get("largest", 1):
        raise refused(node, "takes the smallest scores")
    count = 1
    if node.op_type == "TopK":
        known = {tensor.name: tensor for tensor in tail.graph.initializer}
        count = int(numpy_helper.to_array(known[node.input[1]]).reshape(-1)[0])
        if count > 1 and not options.get("sorted", 1):
            raise refused(node, "leaves open in which order")
    return Choice(node, indices, count, int(options.get("axis", 0 if node.op_type == "ArgMax" else -1)))


def _only_of(tail: onnx.ModelProto, output: str, indices: str) -> bool:
    """Whether `output` is computed of `indices` and constants alone."""
    nodes = _needed(tail, output, indices)
    constants = {tensor.name for tensor in tail.graph.initializer}
    made = {name for node in nodes for name in node.output} | {indices}
    read = {name for node in nodes for name in node.input if name and name not in constants}
    return (output == indices or indices in read) and read <= made


def _needed(tail: onnx.ModelProto, output: str, indices: str) -> list[onnx.NodeProto]:
    """Nodes that `output` takes, from `indices` on."""
    wanted, found = {output}, []
    for node in reversed(tail.graph.node):
        if wanted.intersection(node.output) and indices not in node.output:
            wanted.update(node.input)
            found.append(node)
    return found[::-1]


def _class_axis(scores: Scores) -> int | None:
    """The axis of the scores along which the classes lie, the pixels in their order along the others."""
    for axis in range(scores.places.ndim):
        if _along(scores, axis):
            return axis
    return None


def _along(scores: Scores, axis: int) -> bool:
    kind = scores.graph.types[scores.tensor]
    if scores.places.shape[axis] != kind.channels:
        return False
    moved = np.moveaxis(scores.places, axis, 0).reshape(kind.channels, -1)
    return bool((moved.reshape(-1) == np.arange(moved.size)).all())


def _check_axis(scores: Scores, choice: Choice) -> None:
    if not _along(scores, choice.axis % scores.places.ndim):
        raise refused(choice.node, "chooses along another axis than that of the classes")


def _behind(tail: onnx.ModelProto, choice: Choice, scores: Scores, graph: Graph) -> Network:
    """What is left of the tail behind the hardware's indices: outputs of the file that need nothing else."""
    (tensor,) = graph.outputs
    kind = graph.types[tensor]
    source = choice.indices + CHOSEN
    outputs = [value for value in tail.graph.output if _only_of(tail, value.name, choice.indices)]
    kept: dict[int, onnx.NodeProto] = {}
    for value in outputs:
        kept |= {id(node): node for node in _needed(tail, value.name, choice.indices)}
    order = {id(node): place for place, node in enumerate(tail.graph.node)}
    nodes = sorted(kept.values(), key=lambda node: order[id(node)])
    read = {name for node in nodes for name in node.input}
    adapted, constants = _in_shape(choice, scores, source)
    made = helper.make_graph(
        [*adapted, *nodes],
        "tail",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, [1, *kind.shape])],
        outputs,
        [*constants, *(known for known in tail.graph.initializer if known.name in read)],
    )
    model = helper.make_model(made, opset_imports=list(tail.opset_import), ir_version=tail.ir_version)
    return Network(graph, model, {source: tensor})


def _in_shape(choice: Choice, scores: Scores, source: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """From (1, k, H, W) real values to indices as the file has them; and the shape that is needed for it."""
    axis = choice.axis % scores.places.ndim
    rest = [size for place, size in enumerate(scores.places.shape) if place != axis]
    shape = [choice.count, *rest] if choice.kept else rest
    moved = choice.kept and axis > 0 and choice.count > 1
    if choice.kept and not moved:
        shape = [*rest[:axis], choice.count, *rest[axis:]]
    sizes = numpy_helper.from_array(np.array(shape, np.int64), f"{source}/shape")
    nodes = [helper.make_node("Reshape", [source, sizes.name], [f"{source}/reshaped"])]
    name = f"{source}/reshaped"
    if moved:
        order = [*range(1, axis + 1), 0, *range(axis + 1, len(shape))]
        nodes.append(helper.make_node("Transpose", [name], [f"{source}/moved"], perm=order))
        name = f"{source}/moved"
    nodes.append(helper.make_node("Cast", [name], [choice.indices], to=TensorProto.INT64))
    return nodes, [sizes]
