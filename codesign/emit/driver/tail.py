"""What the driver on the board must know of the host's part of a network: see `codesign/board/tail.py`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import defs, helper, numpy_helper, version_converter

from codesign.board.tail import CONSTANTS, MODEL, OPERATORS, Tail
from codesign.emit.driver.description import name_of
from codesign.graph import Graph

OPSET = 17
"""That of the node forms which the driver knows."""

TRIALS = 8
"""Frames on which NumPy must say what ONNX Runtime does, else the board gets the latter."""
TOLERANCE = 1e-4


@dataclass(frozen=True)
class BoardTail:
    """The host's part. inputs: for each input of the model at `path`, the tensor of the graph that it takes."""

    path: Path
    inputs: Mapping[str, str]

    def write(self, folder: Path, graph: Graph) -> dict[str, Any]:
        """The member `tail` of the `design.json` of `graph`; what it needs beside is written to `folder`."""
        model = onnx.load(self.path)
        fields: dict[str, Any] = {
            "inputs": {
                value.name: {"output": name_of(self.inputs[value.name], graph), "shape": _shape(value)}
                for value in model.graph.input
            },
            "outputs": [output.name for output in model.graph.output],
            "nodes": None,
        }
        in_numpy = _write_nodes(model, folder)
        if in_numpy is not None and _agree(model, Tail(folder, fields | in_numpy)):
            return fields | in_numpy
        (folder / CONSTANTS).unlink(missing_ok=True)
        shutil.copyfile(self.path, folder / MODEL)
        return fields


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _write_nodes(model: onnx.ModelProto, folder: Path) -> dict[str, Any] | None:
    """The nodes as the driver takes them, and their constants' names, in order; None if one node is not for NumPy."""
    if not {node.op_type for node in model.graph.node} <= OPERATORS.keys():
        return None
    try:
        graph = version_converter.convert_version(model, OPSET).graph
    except RuntimeError:
        return None
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type not in OPERATORS or "" in node.input:
            return None
        else:
            nodes.append(
                {
                    "operator": node.op_type,
                    "inputs": list(node.input),
                    "outputs": list(node.output),
                    "options": _options(node),
                }
            )
    np.savez(folder / CONSTANTS, *constants.values())
    return {"nodes": nodes, "constants": list(constants)}


def _options(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes, with the defaults of those that are not given; a type goes by its name in NumPy."""
    schema = defs.get_schema(node.op_type, OPSET)
    options: dict[str, Any] = dict.fromkeys(schema.attributes)
    for attribute in (*(known.default_value for known in schema.attributes.values()), *node.attribute):
        if attribute.type != onnx.AttributeProto.UNDEFINED:
            options[attribute.name] = helper.get_attribute_value(attribute)
    if node.op_type == "Cast":
        options["to"] = helper.tensor_dtype_to_np_dtype(options["to"]).name
    return options


def _agree(model: onnx.ModelProto, tail: Tail) -> bool:
    """Whether NumPy gives what ONNX Runtime does, on values with ties among them."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for _ in range(TRIALS):
        given = {
            name: rng.integers(-20, 21, source["shape"]).astype(np.float32) / 8 for name, source in tail.inputs.items()
        }
        expected = dict(zip(tail.outputs, session.run(tail.outputs, given), strict=True))
        try:
            found = tail({source["output"]: given[name] for name, source in tail.inputs.items()})
        except (ValueError, TypeError, IndexError):
            return False
        if not all(_same(expected[name], np.asarray(found[name])) for name in tail.outputs):
            return False
    return True


def _same(expected: NDArray[Any], found: NDArray[Any]) -> bool:
    if expected.shape != found.shape or expected.dtype.kind != found.dtype.kind:
        return False
    allowed = TOLERANCE * float(np.abs(expected).max(initial=0)) if expected.dtype.kind == "f" else 0.0
    return bool(np.allclose(found, expected, rtol=0, atol=allowed, equal_nan=True))
