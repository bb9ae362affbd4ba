"""The board computes what the network leaves to the host: in NumPy what it knows, else in ONNX Runtime."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import codesign
from codesign.board import driver
from codesign.board.tail import CONSTANTS, MODEL, Tail
from codesign.emit.driver import BoardTail
from codesign.frontend.run import run_outputs
from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.ops.shuffle import Shuffle
from codesign.verification.images import random_images
from tests.onnx_nets import QonnxNet

SHAPE = (1, 6, 2, 3)
RNG = np.random.default_rng(5)
GRAPH = Graph(
    "net", {"x": TensorType(SHAPE[1:], -9, 9)}, (Node("sums", Shuffle(1), ("x",)),), ("sums",), {"sums": "out"}
)
NORM = [RNG.uniform(0.5, 2, 6).astype(np.float32) for _ in range(4)]


def int64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


CASES: dict[str, tuple[str, list[np.ndarray], dict[str, Any], int]] = {
    "sum": ("Add", [NORM[0].reshape(6, 1, 1)], {}, 1),
    "quotient": ("Div", [np.float32(3)], {}, 1),
    "batch norm": ("BatchNormalization", NORM, {"epsilon": 1e-3}, 1),
    "softmax over channels": ("Softmax", [], {"axis": 1}, 1),
    "log softmax": ("LogSoftmax", [], {}, 1),
    "sigmoid": ("Sigmoid", [], {}, 1),
    "argmax": ("ArgMax", [], {"axis": 1, "keepdims": 0}, 1),
    "argmax of a map": ("ArgMax", [], {"axis": -1}, 1),
    "top k": ("TopK", [int64(3)], {"axis": 1}, 2),
    "smallest": ("TopK", [int64(2)], {"axis": -1, "largest": 0}, 2),
    "clip": ("Clip", [np.float32(-0.5), np.float32(1)], {}, 1),
    "flatten": ("Flatten", [], {}, 1),
    "flatten from the end": ("Flatten", [], {"axis": -1}, 1),
    "reshape": ("Reshape", [int64(0, -1, 2)], {}, 1),
    "squeeze": ("Squeeze", [int64(0)], {}, 1),
    "squeeze all": ("Squeeze", [], {}, 1),
    "unsqueeze": ("Unsqueeze", [int64(-1, 0)], {}, 1),
    "transpose": ("Transpose", [], {"perm": [0, 2, 3, 1]}, 1),
    "transpose without order": ("Transpose", [], {}, 1),
    "cast": ("Cast", [], {"to": onnx.TensorProto.DOUBLE}, 1),
    "tanh": ("Tanh", [], {}, 1),
    "joined": ("Concat", [np.zeros((1, 1, 2, 3), np.float32)], {"axis": 1}, 1),
}
ELSEWHERE: dict[str, tuple[str, list[np.ndarray], dict[str, Any], int]] = {
    "an operator that is not known": ("Erf", [], {}, 1),
    "the last of the largest": ("ArgMax", [], {"axis": -1, "select_last_index": 1}, 1),
    "an end that is not there": ("Clip", [np.float32(0)], {}, 1),
}


def model(name: str, opset: int = 17) -> onnx.ModelProto:
    """One node. Only shapes of the input are told, as in a tail."""
    operator, constants, options, outputs = {**CASES, **ELSEWHERE}[name]
    names = [f"constant/{place}" for place in range(len(constants))]
    found = [f"output:{place}" for place in range(outputs)]
    graph = helper.make_graph(
        [helper.make_node(operator, ["logits", *names], found, **options)],
        "tail",
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, SHAPE)],
        [helper.make_empty_tensor_value_info(output) for output in found],
        [numpy_helper.from_array(np.asarray(array), key) for key, array in zip(names, constants, strict=True)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def expected(tail: onnx.ModelProto, frame: np.ndarray) -> list[np.ndarray]:
    found: list[np.ndarray] = onnxruntime.InferenceSession(tail.SerializeToString()).run(None, {"logits": frame})
    return found


def written(tail: onnx.ModelProto, folder: Path) -> dict[str, Any]:
    onnx.save(tail, folder / "network.onnx")
    (folder / "deploy").mkdir()
    fields = BoardTail(folder / "network.onnx", {"logits": "sums"}).write(folder / "deploy", GRAPH)
    read: dict[str, Any] = json.loads(json.dumps(fields))
    return read


@pytest.mark.parametrize("name", [*CASES, *ELSEWHERE])
def test_the_board_computes_what_onnx_runtime_does(name: str, tmp_path: Path) -> None:
    tail = model(name)
    fields = written(tail, tmp_path)
    assert (fields["nodes"] is None) == (name in ELSEWHERE) == (tmp_path / "deploy" / MODEL).is_file()
    assert (fields["nodes"] is None) != (tmp_path / "deploy" / CONSTANTS).is_file()
    run = Tail(tmp_path / "deploy", fields)
    for _ in range(4):
        frame = RNG.integers(-9, 10, SHAPE).astype(np.float32) / 4
        found = run({"out": frame[0].astype(np.float64)})
        for got, wanted in zip(found.values(), expected(tail, frame), strict=True):
            assert got.shape == wanted.shape and got.dtype == wanted.dtype
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("opset", [11, 12])
def test_a_softmax_of_old_goes_over_all_that_follows_its_axis(opset: int, tmp_path: Path) -> None:
    tail = model("softmax over channels", opset)
    frame = RNG.normal(size=SHAPE).astype(np.float32)
    (found,) = Tail(tmp_path / "deploy", written(tail, tmp_path))({"out": frame[0]}).values()
    np.testing.assert_allclose(found, expected(tail, frame)[0], rtol=1e-5)
    assert found.sum() == pytest.approx(1)


def test_a_board_without_onnx_runtime_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = written(model("an operator that is not known"), tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match="install onnxruntime on the board"):
        Tail(tmp_path / "deploy", fields)


def test_the_driver_gives_the_outputs_of_the_file(tmp_path: Path) -> None:
    net = QonnxNet(1, 3, 3, 3)
    flat = net.op("Flatten", net.quant("image", 1, 8, signed=0))
    sums = net.op("MatMul", flat, net.weight(RNG.integers(-7, 8, (27, 5)), 0.25))
    file = net.model(net.op("Softmax", net.op("Mul", sums, net.const(RNG.uniform(0.001, 0.01, 5))), axis=1))
    onnx.save(file, tmp_path / "net.onnx")
    build = codesign.export(tmp_path / "net.onnx", tmp_path / "build").folder
    deployed = build.board / "deploy"
    design = json.loads((deployed / "design.json").read_text())
    graph, outputs = build.graph, [driver.DmaStream(fields) for fields in design["outputs"]]
    (kind,) = graph.inputs.values()
    images = random_images(kind, 3)
    values = execute(graph, {"image": images}, graph.outputs)
    (output,) = (value.name for value in file.graph.output)
    wanted = run_outputs(file, graph, images, [output])[output]
    tail = driver.tail_of(design, deployed)
    for number in range(len(images)):
        frame = {stream.name: values[name][number] for stream, name in zip(outputs, graph.outputs, strict=True)}
        found = driver.meaning(design["decode"], frame, {stream.name: stream.scale for stream in outputs}, tail)
        assert list(found) == [output]
        np.testing.assert_allclose(found[output], wanted[number], rtol=1e-5)
