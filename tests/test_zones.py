"""Where the operators of a file went, in words and in a picture: to the head, to hardware, to the tail."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from rich.console import Console

import codesign
from codesign.build_folder import open_build
from codesign.frontend.inputs import with_types
from codesign.frontend.qonnx import import_network
from codesign.frontend.zones import MOST_NAMED, Zones
from codesign.reporting.summary import Summary
from codesign.reporting.terminal import print_report
from codesign.reporting.zones import zone_lines
from codesign.reporting.zones_picture import zone_pictures
from tests import chromium
from tests.onnx_nets import QonnxNet

RNG = np.random.default_rng(22)


def classifier(depth: int = 1) -> QonnxNet:
    """Arithmetic on pictures, layers with a skip, and a softmax and an argmax of biased logits."""
    net, rng = QonnxNet(1, 2, 6, 6), np.random.default_rng(1)
    x = net.op("Sub", net.op("Div", "image", net.const(255.0), name="to_one"), net.const(0.5), name="centred")
    x = net.quant(x, 1 / 64, 6, signed=1, name="entry")
    for layer in range(depth):
        before = x = net.quant(net.conv(x, rng.integers(-3, 4, (2, 2, 1, 1)), 0.1), 0.25, 4, name=f"act{layer}")
    x = net.quant(net.op("Add", net.quant(net.conv(x, rng.integers(-3, 4, (2, 2, 1, 1))), 0.25, 4), before), 0.25, 4)
    x = net.op("MatMul", net.op("Flatten", x), net.weight(rng.integers(-7, 8, (72, 5)), 0.3), name="scores")
    biased = net.op("Add", x, net.const(rng.normal(size=5)), name="biased")
    net.op("Softmax", biased, axis=1, name="shares")
    net.op("ArgMax", biased, axis=1, keepdims=0, name="label")
    return net


def model(depth: int = 1) -> onnx.ModelProto:
    made = classifier(depth).model("shares", "label")
    made.graph.output[1].type.tensor_type.elem_type = TensorProto.INT64
    return with_types(made, ["image=uint8"])


def zones_of(made: onnx.ModelProto) -> Zones:
    found = import_network(made).zones
    assert found is not None
    return found


def test_every_operator_is_in_one_zone() -> None:
    zones = zones_of(model())
    assert zones.head.operators == {"Div": 1, "Sub": 1, "Quant": 1}
    assert zones.hardware.operators == {"Conv": 2, "Quant": 3, "Add": 1, "Flatten": 1, "MatMul": 1}
    assert zones.tail.operators == {"Add": 1, "Softmax": 1, "ArgMax": 1}
    assert zones.within == ("entry",)
    assert [(b.name, b.shape, b.final) for b in zones.outputs] == [("scores", (1, 5), False)]


def test_operators_keep_their_names_and_what_they_read() -> None:
    zones = zones_of(model())
    assert [(node.name, node.reads) for node in zones.tail.nodes] == [("biased", ()), ("shares", (0,)), ("label", (0,))]
    add = next(node for node in zones.hardware.nodes if node.operator == "Add")
    assert {zones.hardware.nodes[place].operator for place in add.reads} == {"Quant"}


def test_many_operators_are_told_by_their_kinds() -> None:
    zones = zones_of(model(MOST_NAMED))
    assert zones.hardware.nodes == () and zones.hardware.operators["Conv"] == MOST_NAMED + 1


def test_a_quantizer_at_the_input_gives_the_inputs_integers() -> None:
    net = QonnxNet(1, 2, 4, 4)
    x = net.conv(net.quant("image", name="entry"), RNG.integers(-3, 4, (2, 2, 1, 1)))
    zones = zones_of(net.model(net.quant(x, 4.0, 4)))
    assert zones.head.operators == {"Quant": 1} and zones.within == ()
    assert zones.tail.operators == {} and zones.outputs[0].final


def test_a_bias_that_the_host_adds_leaves_its_layer_in_hardware() -> None:
    net = QonnxNet(1, 2, 4, 4)
    x = net.conv(net.quant("image", 0.5, 4), RNG.integers(-7, 8, (3, 2, 3, 3)), 0.3, bias=np.array([0.123, -0.7, 0.01]))
    zones = zones_of(net.model(x))
    assert zones.hardware.operators == {"Conv": 1}


def test_operators_of_a_tflite_file_are_told_apart_too(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    from codesign.frontend.tflite.read import import_network as import_tflite
    from tests.tflite_files import TFLiteNet

    net = TFLiteNet()
    net.inputs = [net.tensor((1, 6, 6, 2), kind="FLOAT32")]
    x = net.op("QUANTIZE", net.inputs, net.tensor((1, 6, 6, 2), 0.05))
    x = net.conv(x, net.weights(3, 6, 6, 2), (1, 1, 1, 3), padding=1)
    y = net.op("SOFTMAX", [x], net.tensor((1, 1, 1, 3), 1 / 256, -128), 2, table="SoftmaxOptions", beta=1.0)
    zones = import_tflite(net.write(tmp_path, y)).zones
    assert zones is not None and zones.format == "TFLite"
    assert [dict(zone.operators) for zone in (zones.head, zones.hardware, zones.tail)] == [
        {"QUANTIZE": 1},
        {"CONV_2D": 1},
        {"SOFTMAX": 1},
    ]
    assert zones.inputs[0].type == "float32" and zones.outputs[0].shape == (1, 1, 1, 3)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, Path]:
    folder = tmp_path_factory.mktemp("zones")
    onnx.save(model(), folder / "net.onnx")
    build = codesign.export(folder / "net.onnx", folder / "build").folder
    found = codesign.report(build.path, html=True)
    assert found.page is not None
    return found.summary, found.page


def test_the_report_tells_all_three_in_words(reported: tuple[Summary, Path]) -> None:
    lines = zone_lines(reported[0])
    assert lines["head"].startswith("Div, Sub, Quant at image 1x2x6x6 float32 becomes part of ")
    assert lines["hardware"].endswith("from 2x6x6 u8 to scores 1x5 float32 as 5x1x1 i11")
    assert lines["tail"] == "Add, Softmax, ArgMax on the host, from scores"
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_report(reported[0], console)
    text = console.export_text()
    assert all(f"\n{name} " in text for name in lines)


def test_the_json_report_holds_them(reported: tuple[Summary, Path]) -> None:
    build = open_build(reported[1].parent)
    assert not build.changes
    stored = json.loads(build.report.read_text())["file"]
    assert stored["format"] == "QONNX" and stored["tail"]["operators"] == {"Add": 1, "Softmax": 1, "ArgMax": 1}


def test_the_picture_has_a_box_for_every_operator_and_a_line_for_every_stream(reported: tuple[Summary, Path]) -> None:
    head, hardware, tail = zone_pictures(reported[0])
    assert [box.title for box in tail.boxes] == ["biased", "shares", "label"]
    assert len(head.boxes) == 3 and len(head.paths) == 4
    assert len(hardware.boxes) == 8 and len(hardware.paths) == 10  # the skip is the one that is no neighbour's
    assert len(tail.paths) == 5


@pytest.mark.parametrize("columns", [390, 1280])
def test_the_picture_fits_its_window(reported: tuple[Summary, Path], browser: chromium.Tab, columns: int) -> None:
    browser.show(reported[1].as_uri(), columns)
    assert browser.value("document.querySelectorAll('.zone').length") == 3
    assert browser.value(chromium.TOO_WIDE) == 0
    assert browser.value(chromium.CUT_OFF) == []
    assert browser.value(chromium.SMALLEST_TEXT) > 8.5


def test_a_network_from_no_file_has_no_zones(reported: tuple[Summary, Path]) -> None:
    summary = reported[0].model_copy(update={"file": None})
    assert zone_lines(summary) == {} and zone_pictures(summary) == ()
