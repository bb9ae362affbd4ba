"""What a network's last real values were before the host normalizes, chooses or rounds them.

Softmax, argmax and top-k say less than the scores they are made of: a classifier is read at its scores.
"""

from __future__ import annotations

import onnx
from onnx import helper

from codesign.frontend.channels_first import ELEMENTWISE

CHOOSING = frozenset(
    "ArgMax Cast Flatten Identity LogSoftmax Reshape Sigmoid Softmax Squeeze TopK Unsqueeze".split()  # noqa: SIM905
)
"""The order of values along the classes is that of what they come from, or their place in it."""

SHAPE_KEEPING = ELEMENTWISE | {"BatchNormalization", "LogSoftmax", "Softmax"}


def chosen_from(tail: onnx.ModelProto) -> dict[str, str]:
    """By output of `tail`, the tensor it is chosen from: itself where nothing is chosen.

    Of several outputs that are chosen from one tensor only the first is told.
    """
    producers = {name: node for node in tail.graph.node for name in node.output}
    found: dict[str, str] = {}
    for output in tail.graph.output:
        source = _source(output.name, producers)
        if source not in found.values():
            found[output.name] = source
    return found


def _source(name: str, producers: dict[str, onnx.NodeProto]) -> str:
    while name in producers and _keeps_order(producers[name]):
        name = producers[name].input[0]
    return name


def _keeps_order(node: onnx.NodeProto) -> bool:
    options = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if node.op_type == "ArgMax":
        return not options.get("select_last_index", 0)
    return node.op_type in CHOOSING and bool(options.get("largest", 1))


def has_channels_last(tail: onnx.ModelProto, tensor: str) -> bool:
    """Whether `tensor` is a map (1, H, W, C): made value by value, or along the channels, of what a Transpose gives."""
    producers = {name: node for node in tail.graph.node for name in node.output}
    while tensor in producers:
        node = producers[tensor]
        if node.op_type == "Transpose":
            order = next(list(attribute.ints) for attribute in node.attribute if attribute.name == "perm")
            return order == [0, 2, 3, 1]
        if node.op_type not in SHAPE_KEEPING:
            return False
        tensor = next((name for name in node.input if name in producers), node.input[0])
    return False
