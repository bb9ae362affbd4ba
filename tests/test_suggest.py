"""Files that are refused, rewritten until they are read: which rewrite, what it changes, and what it leaves alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from codesign.api.suggest import suggest
from codesign.cli.main import status
from codesign.errors import CodesignError, GraphError
from codesign.frontend.calibration import random_frames
from codesign.frontend.qonnx import import_network
from codesign.frontend.suggest import suggest as rewritten
from codesign.frontend.suggestion import suggestions
from tests.onnx_nets import QonnxNet

RNG = np.random.default_rng(30)
ROOT = Path(__file__).resolve().parents[1]


def quantized(net: QonnxNet, x: str, scale: float = 0.1) -> str:
    return net.quant(x, scale, 8, signed=1)


def entry(net: QonnxNet) -> str:
    return quantized(net, "image", 1 / 64)


def layer(net: QonnxNet, x: str) -> str:
    return net.conv(x, np.random.default_rng(3).integers(-3, 4, (4, 4, 3, 3)), 0.1)


def real_weights(net: QonnxNet) -> str:
    return quantized(net, net.op("Conv", entry(net), net.const(RNG.normal(size=(4, 4, 3, 3)))))


def wide_weights(net: QonnxNet) -> str:
    return quantized(net, net.conv(entry(net), RNG.integers(-500, 500, (4, 4, 3, 3)), 0.01, bits=10))


def no_quantizer_behind_a_function(net: QonnxNet) -> str:
    return quantized(net, layer(net, net.op("Sigmoid", layer(net, entry(net)))))


def no_quantizer_behind_an_average(net: QonnxNet) -> str:
    pooled = net.op("GlobalAveragePool", quantized(net, layer(net, entry(net))))
    x = net.op("Tanh", net.op("Flatten", pooled))
    return net.op("MatMul", x, net.weight(RNG.integers(-3, 4, (4, 5)), 0.1))


def function_of_sums(net: QonnxNet) -> str:
    x = layer(net, entry(net))
    return quantized(net, layer(net, quantized(net, net.op("Mul", x, net.op("Sigmoid", x)))))


def average_at_the_border(net: QonnxNet) -> str:
    x = net.op("AveragePool", entry(net), kernel_shape=[9, 9], pads=[8, 8, 8, 8], ceil_mode=1)
    return quantized(net, x, 1 / 64)


def interpolation(net: QonnxNet) -> str:
    x = quantized(net, layer(net, entry(net)))
    return quantized(net, layer(net, net.op("Resize", x, "", net.const([1, 1, 2, 2]), mode="linear")))


def scale_a_channel(net: QonnxNet) -> str:
    x = net.quant(layer(net, entry(net)), RNG.uniform(0.05, 0.2, (1, 4, 1, 1)), 8, signed=1)
    return quantized(net, layer(net, x))


def fourteen_bits(net: QonnxNet) -> str:
    return quantized(net, layer(net, net.quant(net.op("Tanh", layer(net, entry(net))), 1e-4, 14, signed=1)))


def input_without_type(net: QonnxNet) -> str:
    return quantized(net, layer(net, "image"))


REFUSED: dict[Callable[[QonnxNet], str], str] = {
    real_weights: "quantize_weights",
    wide_weights: "quantize_weights",
    no_quantizer_behind_a_function: "insert_quantizer",
    no_quantizer_behind_an_average: "insert_quantizer",
    function_of_sums: "quantize_before",
    average_at_the_border: "average_windows",
    interpolation: "nearest_resize",
    scale_a_channel: "one_scale",
    fourteen_bits: "narrow_quantizer",
    input_without_type: "quantize_input",
}


def made(make: Callable[[QonnxNet], str]) -> onnx.ModelProto:
    net = QonnxNet(1, 4, 8, 8)
    return net.model(make(net))


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_a_refused_file_is_rewritten_until_it_is_read(make: Callable[[QonnxNet], str]) -> None:
    model = made(make)
    before = model.SerializeToString()
    with pytest.raises(GraphError) as refused:
        import_network(model)
    found = rewritten(model, random_frames(model, 2))
    assert model.SerializeToString() == before
    assert {change.kind for change in found.changes} == {REFUSED[make]}
    assert found.changes[0].refusal == str(refused.value)
    import_network(found.model)
    (difference,) = found.differences
    assert [value.name for value in found.model.graph.output] == [difference.output]
    assert 0 <= difference.mean <= difference.largest


def test_the_measured_difference_of_new_weights_is_small() -> None:
    model = made(real_weights)
    (found,) = rewritten(model, random_frames(model, 2)).differences
    assert 0 < found.mean < 0.02 * found.magnitude


def qdq() -> onnx.ModelProto:
    """A quantized input, and a convolution of real weights with a quantizer behind."""

    def constant(name: str, value: object, dtype: type = np.float32) -> TensorProto:
        return numpy_helper.from_array(np.asarray(value, dtype), name)

    def pair(x: str, y: str, scale: str) -> list[onnx.NodeProto]:
        inputs = [scale, "zero"]
        return [
            helper.make_node("QuantizeLinear", [x, *inputs], [f"{y}.codes"]),
            helper.make_node("DequantizeLinear", [f"{y}.codes", *inputs], [y]),
        ]

    nodes = [*pair("x", "q", "fine"), helper.make_node("Conv", ["q", "w"], ["c"]), *pair("c", "y", "coarse")]
    ends = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 5, 5)), helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]  # fmt: skip  # noqa: E501
    constants = [constant("w", RNG.normal(size=(2, 3, 3, 3))), constant("fine", 0.01), constant("coarse", 0.1)]
    graph = helper.make_graph(nodes, "qdq", ends[:1], ends[1:], [*constants, constant("zero", 0, np.int8)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_a_qdq_file_stays_one() -> None:
    model = qdq()
    found = rewritten(model, random_frames(model, 2))
    assert [change.kind for change in found.changes] == ["quantize_weights"]
    assert not any(node.op_type == "Quant" for node in found.model.graph.node)


def test_a_network_of_real_numbers_is_quantized_as_a_whole() -> None:
    net = QonnxNet(1, 3, 8, 8)
    x = net.op("Relu", net.op("Conv", "image", net.const(RNG.normal(size=(4, 3, 3, 3))), net.const(RNG.normal(size=4))))
    model = net.model(net.op("Conv", x, net.const(RNG.normal(size=(2, 4, 6, 6)))))
    found = rewritten(model, random_frames(model, 4))
    assert found.changes[0].kind == "quantize_network"
    assert found.differences[0].mean < 0.05 * found.differences[0].magnitude


def test_what_no_rewrite_mends_is_refused_as_before() -> None:
    net = QonnxNet(1, 4, 8, 8)
    model = net.model(quantized(net, layer(net, net.op("Softmax", layer(net, entry(net)), axis=1))))
    with pytest.raises(GraphError, match=r"Softmax.*no rewrite is known"):
        rewritten(model, random_frames(model, 1))


def test_every_rewrite_that_a_refusal_names_exists_and_is_named() -> None:
    sources = (file.read_text() for file in (ROOT / "codesign" / "frontend").rglob("*.py"))
    named = {name for text in sources for name in re.findall(r'rewrite="(\w+)"', text)}
    assert named == set(suggestions())


@pytest.fixture
def refused_file(tmp_path: Path) -> Path:
    net = QonnxNet(1, 3, 8, 8)
    x = net.op("Sigmoid", net.conv(quantized(net, "image", 1 / 64), RNG.integers(-3, 4, (4, 3, 3, 3)), 0.1))
    onnx.save(net.model(quantized(net, layer(net, x))), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def test_the_command_writes_a_file_beside_and_never_over_one(refused_file: Path, capfd: pytest.CaptureFixture) -> None:
    assert status(["export", str(refused_file), "--out", str(refused_file.parent / "build")]) == 2
    assert "--suggest" in capfd.readouterr().err
    assert status(["export", str(refused_file), "--suggest", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)["suggestion"]
    assert said["path"] == str(refused_file.parent / "net.suggested.onnx")
    assert said["measured_on"] == "8 random inputs between -1 and 1"
    assert [change["kind"] for change in said["changes"]] == ["insert_quantizer"]
    import_network(Path(said["path"]))
    assert status(["export", str(refused_file), "--suggest"]) == 2
    assert "exists already" in capfd.readouterr().err
    assert status(["export", said["path"], "--suggest"]) == 0
    assert "nothing to suggest" in capfd.readouterr().out


def test_pictures_and_stored_inputs_are_measured_on(refused_file: Path) -> None:
    folder = refused_file.parent / "pictures"
    folder.mkdir()
    for number in range(3):
        pixels = RNG.integers(0, 256, (9, 7, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    found = suggest(refused_file, images=folder, output=refused_file.parent / "a.onnx")
    assert found.measured_on == "3 pictures of pictures, their bytes / 255"
    np.save(folder / "inputs.npy", RNG.normal(size=(5, 3, 8, 8)))
    found = suggest(refused_file, images=folder / "inputs.npy", output=refused_file.parent / "b.onnx")
    assert found.measured_on == "5 inputs of inputs.npy" and found.path == refused_file.parent / "b.onnx"
    np.save(folder / "inputs.npy", RNG.normal(size=(5, 3, 8, 9)))
    with pytest.raises(CodesignError, match=r"not inputs of \(1, 3, 8, 8\)"):
        suggest(refused_file, images=folder / "inputs.npy", output=refused_file.parent / "c.onnx")
    assert not (refused_file.parent / "c.onnx").exists()
