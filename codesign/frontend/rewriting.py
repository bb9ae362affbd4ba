"""Changes of an ONNX file in place: finding nodes, new constants, quantizers put between two nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from codesign.frontend.domains import QUANTIZER_DOMAIN
from codesign.frontend.run_qdq import is_qdq

BITS = 8
SUFFIX = "suggested"
SMALLEST = 1e-8
"""The least range that a quantizer is made for."""


def producer(model: onnx.ModelProto, tensor: str) -> onnx.NodeProto | None:
    """The node that gives `tensor`."""
    return next((node for node in model.graph.node if tensor in node.output), None)


def set_attribute(node: onnx.NodeProto, **values: Any) -> None:
    """Gives the node these attributes; those of None it loses."""
    kept = [attribute for attribute in node.attribute if attribute.name not in values]
    del node.attribute[:]
    node.attribute.extend(
        [*kept, *(helper.make_attribute(name, value) for name, value in values.items() if value is not None)]
    )


def constant(model: onnx.ModelProto, name: str, array: NDArray[Any]) -> str:
    """A new initializer. Returns its name, which nothing else has."""
    name = fresh(model, name)
    model.graph.initializer.append(numpy_helper.from_array(array, name))
    return name


def fresh(model: onnx.ModelProto, name: str) -> str:
    """`name`, with a number behind if there is a tensor of that name."""
    taken = {tensor.name for tensor in model.graph.initializer} | {value.name for value in model.graph.input}
    taken |= {output for node in model.graph.node for output in node.output}
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def insert(model: onnx.ModelProto, tensor: str, nodes: list[onnx.NodeProto], result: str) -> None:
    """Puts `nodes`, which make `result` of `tensor`, behind `tensor`; all that read it read the result.

    An output of the file keeps its name.
    """
    for node in model.graph.node:
        node.input[:] = [result if name == tensor else name for name in node.input]
    place = next((i + 1 for i, node in enumerate(model.graph.node) if tensor in node.output), 0)
    if any(value.name == tensor for value in model.graph.output) and place:
        before = fresh(model, f"{tensor}.before")
        of = model.graph.node[place - 1]
        of.output[:] = [before if name == tensor else name for name in of.output]
        for node in (*nodes, *model.graph.node):
            node.input[:] = [before if name == tensor else tensor if name == result else name for name in node.input]
            node.output[:] = [tensor if name == result else name for name in node.output]
    for offset, node in enumerate(nodes):
        model.graph.node.insert(place + offset, node)


def quantize(model: onnx.ModelProto, tensor: str, lo: float, hi: float) -> str:
    """Puts a quantizer of 8 bits for values from `lo` to `hi` behind `tensor`, of the file's kind; says which."""
    signed = lo < 0
    scale = max(abs(lo) / (1 << BITS - 1), hi / ((1 << BITS - 1) - 1 if signed else (1 << BITS) - 1), SMALLEST)
    step = constant(model, f"{tensor}.{SUFFIX}.scale", np.array(scale, np.float32))
    result = fresh(model, f"{tensor}.{SUFFIX}")
    if is_qdq(model):
        zero = constant(model, f"{tensor}.{SUFFIX}.zero", np.array(0, np.int8 if signed else np.uint8))
        codes = fresh(model, f"{tensor}.{SUFFIX}.codes")
        nodes = [
            helper.make_node("QuantizeLinear", [tensor, step, zero], [codes], codes),
            helper.make_node("DequantizeLinear", [codes, step, zero], [result], result),
        ]
    else:
        nodes = [quant_node(model, tensor, step, result, signed)]
    insert(model, tensor, nodes, result)
    kind = "int8" if signed else "uint8"
    return f"{kind} behind {tensor}, scale {np.float32(scale):.4g}"


def quant_node(
    model: onnx.ModelProto, source: str, scale: str, result: str, signed: bool, narrow: bool = False
) -> onnx.NodeProto:
    """A Quant of 8 bits, its domain among the file's."""
    zero = constant(model, f"{result}.zero", np.array(0, np.float32))
    bits = constant(model, f"{result}.bits", np.array(BITS, np.float32))
    if all(entry.domain != QUANTIZER_DOMAIN for entry in model.opset_import):
        model.opset_import.add(domain=QUANTIZER_DOMAIN, version=1)
    return helper.make_node(
        "Quant",
        [source, scale, zero, bits],
        [result],
        result,
        domain=QUANTIZER_DOMAIN,
        signed=int(signed),
        narrow=int(narrow),
        rounding_mode="ROUND",
    )
