"""Channel slices that together cover a tensor become one Split."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from codesign.errors import GraphError
from codesign.frontend.domains import opset_of
from codesign.frontend.reader import attributes

BOUNDS_AS_INPUTS = 10
SIZES_AS_INPUT = 13
"""The first opsets whose Slice, and Split, have no attributes for them."""


def slices_to_splits(model: ModelWrapper) -> dict[str, GraphError]:
    """Rewrites `model` in place. Returns, by the slice, why slices stay that overlap or leave channels out."""
    refused: dict[str, GraphError] = {}
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in model.graph.node:
        if node.op_type == "Slice":
            readers[node.input[0]].append(node)
    for tensor, nodes in readers.items():
        try:
            _merge(model, tensor, nodes)
        except GraphError as error:
            refused |= dict.fromkeys((node.output[0] for node in nodes), error)
    return refused


def _merge(model: ModelWrapper, tensor: str, nodes: list[onnx.NodeProto]) -> None:
    shape = model.get_tensor_shape(tensor)
    channels = shape[1] if shape and len(shape) > 1 else 0
    runs = sorted((_run(model, node, channels), node.output[0]) for node in nodes)
    bounds = [start for (start, _), _ in runs] + [channels]
    if bounds[0] != 0 or any(stop != after for ((_, stop), _), after in zip(runs, bounds[1:], strict=True)):
        raise GraphError(
            f"the slices of '{tensor}' do not cover its {channels} channels once each",
            where=f"node {nodes[0].name or nodes[0].output[0]}",
            remedy="split the channels with torch.chunk or torch.split",
        )
    split = _split(model, tensor, [output for _, output in runs], np.diff(bounds), nodes[0].name)
    split.metadata_props.extend(nodes[0].metadata_props)
    position = min(list(model.graph.node).index(node) for node in nodes)
    for node in nodes:
        model.graph.node.remove(node)
    model.graph.node.insert(position, split)


def _split(model: ModelWrapper, tensor: str, outputs: list[str], sizes: NDArray[np.int64], name: str) -> onnx.NodeProto:
    """Its sizes are an input since opset 13, and were an attribute before."""
    if opset_of(model.model) < SIZES_AS_INPUT:
        return onnx.helper.make_node("Split", [tensor], outputs, name, axis=1, split=sizes.tolist())
    constant = f"{outputs[0]}_split_sizes"
    model.set_initializer(constant, sizes.astype(np.int64))
    return onnx.helper.make_node("Split", [tensor, constant], outputs, name, axis=1)


def _run(model: ModelWrapper, node: onnx.NodeProto, channels: int) -> tuple[int, int]:
    """[start, stop) of a slice along the channels."""
    starts, stops, axes, steps = _partial(model, node)
    plain = all(array is not None and array.size == 1 for array in (starts, stops, axes))
    if (
        not channels
        or not plain
        or axes[0] not in (1, 1 - len(model.get_tensor_shape(node.input[0])))
        or (steps is not None and steps.tolist() != [1])
    ):
        raise GraphError("only slices along the channels, of step 1, are supported", where=f"node {node.name}")
    start, stop, _ = slice(int(starts[0]), int(stops[0])).indices(channels)
    return start, stop


def _partial(model: ModelWrapper, node: onnx.NodeProto) -> list[Any]:
    """Starts, ends, axes and steps without those of axes that are taken whole."""
    starts, stops, axes, steps = _bounds(model, node)
    shape = model.get_tensor_shape(node.input[0])
    if starts is None or stops is None or not shape:
        return [starts, stops, axes, steps]
    over = np.arange(len(starts)) if axes is None else axes
    part = [
        i
        for i, (start, stop, axis) in enumerate(zip(starts, stops, over, strict=True))
        if slice(int(start), int(stop)).indices(shape[axis])[:2] != (0, shape[axis])
    ] or [i for i, axis in enumerate(over) if axis in (1, 1 - len(shape))]
    return [starts[part], stops[part], over[part], None if steps is None else steps[part]]


def _bounds(model: ModelWrapper, node: onnx.NodeProto) -> list[Any]:
    """Starts, ends, axes and steps, None where they are not given: inputs since opset 10, attributes before."""
    if opset_of(model.model) < BOUNDS_AS_INPUTS:
        given = attributes(node)
        return [np.array(given[name]) if name in given else None for name in ("starts", "ends", "axes")] + [None]
    constants = [model.get_initializer(name) if name else None for name in node.input[1:]]
    return [*constants, None, None, None, None][:4]
