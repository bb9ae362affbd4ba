"""`--argmax`: the hardware chooses the class that the file chooses, or the one of its largest score."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

import codesign
from codesign.board import driver
from codesign.build_folder import BuildFolder
from codesign.cli.main import status
from codesign.errors import GraphError
from codesign.frontend.qonnx import import_network
from codesign.frontend.run import run_outputs
from codesign.frontend.run_tail import run_tail
from codesign.graph import Node, execute, load, save
from codesign.graph.ops.shuffle import Shuffle
from codesign.progress import silent
from codesign.verification.predict import predictions, reading_of
from tests.onnx_nets import QonnxNet, random_images

CLASSES = 6
RNG = np.random.default_rng(8)
BIAS = RNG.normal(0, 20, CLASSES)
Build = Callable[[QonnxNet, str], object]


def vector(net: QonnxNet, scale: float = 0.25) -> str:
    """Sums of which many are equal."""
    flat = net.op("Flatten", net.quant("image", 1, 2, signed=0))
    return net.op("MatMul", flat, net.weight(np.random.default_rng(3).integers(-2, 3, (12, CLASSES)), scale))


def segments(net: QonnxNet, scale: float = 0.25) -> str:
    weight = np.random.default_rng(4).integers(-2, 3, (CLASSES, 3, 1, 1))
    return net.conv(net.quant("image", 1, 2, signed=1), weight, scale)


def batch_norm(net: QonnxNet, x: str, factors: np.ndarray) -> str:
    return net.op("BatchNormalization", x, *map(net.const, (factors, BIAS, np.zeros(CLASSES), np.ones(CLASSES))))


def offset(net: QonnxNet, x: str, values: np.ndarray) -> str:
    return net.op("Add", x, net.const(values))


def biased(net: QonnxNet, x: str) -> str:
    """A real offset of each class, which is no multiple of the sums' scale."""
    return offset(net, x, np.array([0.1, -0.7, 0.33, 0.0, 1.21, -0.05]))


def argmax(net: QonnxNet, x: str, **options: int) -> str:
    return net.op("ArgMax", x, **{"axis": 1, **options})


def top(net: QonnxNet, x: str, k: int, **options: int) -> list[str]:
    return net.op("TopK", x, net.const([k], np.int64), outputs=2, **{"axis": 1, **options})


CHOOSING: dict[str, Build] = {
    "argmax": argmax,
    "argmax without its axis": lambda n, x: argmax(n, x, keepdims=0),
    "softmax and argmax": lambda n, x: argmax(n, n.op("Softmax", x, axis=1)),
    "log softmax and argmax": lambda n, x: argmax(n, n.op("LogSoftmax", biased(n, x), axis=1)),
    "a factor and argmax": lambda n, x: argmax(n, n.op("Mul", x, n.const([0.37]))),
    "factor, offset, sigmoid and argmax": lambda n, x: argmax(
        n, n.op("Sigmoid", offset(n, n.op("Div", x, n.const([1.7])), np.array([0.3])))
    ),
    "a sigmoid that ends, and argmax": lambda n, x: argmax(n, n.op("Sigmoid", n.op("Mul", x, n.const([16.0])))),
    "relu and argmax": lambda n, x: argmax(n, n.op("Relu", x)),
    "clip and top k": lambda n, x: top(n, n.op("Clip", x, n.const(-1.0), n.const(0.5)), 3)[1],
    "real offsets and argmax": lambda n, x: argmax(n, biased(n, x)),
    "real offsets, sigmoid and top k": lambda n, x: top(n, n.op("Sigmoid", biased(n, x)), 2)[1],
    "factors of two and argmax": lambda n, x: argmax(
        n, offset(n, n.op("Mul", x, n.const(2.0 ** np.array([0, 1, 2, 0, 1, 0]))), np.arange(CLASSES) / 4)
    ),
    "top k": lambda n, x: top(n, x, 3)[1],
    "values and indices of top k": lambda n, x: top(n, x, 2),
    "indices of all": lambda n, x: top(n, x, CLASSES)[1],
    "scores and argmax": lambda n, x: [n.op("Softmax", x, axis=1), argmax(n, x)],
    "a class counted from one": lambda n, x: n.op(
        "Add", n.op("Cast", argmax(n, x), to=TensorProto.FLOAT), n.const(1.0)
    ),
}


def model_of(build: Build, x: Callable[[QonnxNet], str] = vector) -> onnx.ModelProto:
    net = QonnxNet(1, 3, 2, 2)
    outputs = build(net, x(net))
    return net.model(*([outputs] if isinstance(outputs, str) else outputs))


@pytest.mark.parametrize("name", CHOOSING)
def test_the_hardware_chooses_what_the_file_chooses(name: str) -> None:
    model = model_of(CHOOSING[name])
    network = import_network(model, argmax=0)
    assert network.tail is not None and network.chosen is None
    assert {node.op_type for node in network.tail.graph.node} <= {"Reshape", "Transpose", "Cast", "Add"}
    assert network.graph.nodes[-1].op.kind == "top_k"
    images = random_images(network.graph, 60)
    found = run_tail(network.tail, network.graph, network.tail_inputs, execute(network.graph, {"image": images}))
    expected = run_outputs(model, network.graph, images, list(found))
    for output, values in found.items():
        assert values.dtype == expected[output].dtype
        np.testing.assert_array_equal(values, expected[output])
    assert len(np.unique(next(iter(found.values())))) > 2


def in_rows(net: QonnxNet) -> str:
    """(1, pixels, classes), as a file has it that thinks of channels as the last axis."""
    last = net.op("Transpose", segments(net), perm=[0, 2, 3, 1])
    return str(net.op("Reshape", last, net.const([1, 4, CLASSES], np.int64)))


PIXELS: dict[str, Build] = {
    "argmax": argmax,
    "argmax of the last axis": lambda n, x: argmax(n, n.op("Transpose", x, perm=[0, 2, 3, 1]), axis=-1, keepdims=0),
    "top k of the last axis": lambda n, x: top(n, n.op("Transpose", x, perm=[0, 2, 3, 1]), 2, axis=3)[1],
    "top k between other axes": lambda n, x: top(n, n.op("Unsqueeze", x, n.const([3], np.int64)), 3, axis=1)[1],
    "offsets of the classes": lambda n, x: argmax(n, offset(n, x, BIAS.reshape(-1, 1, 1) / 30)),
}


@pytest.mark.parametrize("name", PIXELS)
def test_every_pixel_has_a_class_of_its_own(name: str) -> None:
    model = model_of(PIXELS[name], segments)
    network = import_network(model, argmax=0)
    assert network.tail is not None
    images = random_images(network.graph, 30)
    found = run_tail(network.tail, network.graph, network.tail_inputs, execute(network.graph, {"image": images}))
    expected = run_outputs(model, network.graph, images, list(found))
    for output, values in found.items():
        np.testing.assert_array_equal(values, expected[output])
        assert len(np.unique(values)) > 2


SCORES: dict[str, Build] = {
    "scores": lambda n, x: x,
    "softmax": lambda n, x: n.op("Softmax", x, axis=1),
    "a sigmoid that ends": lambda n, x: n.op("Sigmoid", n.op("Mul", x, n.const([40.0]))),
    "real offsets": biased,
    "offsets that float32 loses in large scores": lambda n, x: offset(n, x, 2.0**-22 * np.arange(CLASSES)),
    "scores and softmax": lambda n, x: [biased(n, x), n.op("Softmax", n.nodes[-1].output[0], axis=1)],
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("k", [1, 2])
def test_of_a_file_that_ends_in_scores_the_largest_are_chosen(name: str, k: int) -> None:
    model = model_of(SCORES[name])
    network = import_network(model, argmax=k)
    assert network.tail is None and network.chosen is not None
    images = random_images(network.graph, 40)
    (indices,) = execute(network.graph, {"image": images}).values()
    scores = run_outputs(model, network.graph, images, [network.chosen.output])[network.chosen.output]
    scores = np.moveaxis(scores, network.chosen.axis + 1, 1).reshape(40, CLASSES)
    found = np.take_along_axis(scores, indices.reshape(40, k), axis=1)
    np.testing.assert_array_equal(found, -np.sort(-scores, axis=1)[:, :k])


@pytest.mark.parametrize("order", [None, [0, 2, 3, 1]])
@pytest.mark.parametrize("real", [False, True])
def test_every_pixel_of_a_map_of_scores_is_given_its_class(order: list[int] | None, real: bool) -> None:
    def scores(net: QonnxNet, x: str) -> str:
        x = offset(net, x, BIAS.reshape(-1, 1, 1) / 30) if real else x
        return str(net.op("Transpose", x, perm=order)) if order else x

    model = model_of(scores, segments)
    network = import_network(model, argmax=1)
    assert network.tail is None and network.chosen is not None
    images = random_images(network.graph, 20)
    (indices,) = execute(network.graph, {"image": images}).values()
    values = run_outputs(model, network.graph, images, [network.chosen.output])[network.chosen.output]
    values = np.moveaxis(values, network.chosen.axis + 1, 1).reshape(20, CLASSES, 4)
    assert len(np.unique(indices)) > 2
    np.testing.assert_array_equal(values.argmax(axis=1), indices.reshape(20, 4))


REFUSED: dict[str, tuple[Build, int, str]] = {
    "factors of the classes": (
        lambda n, x: argmax(n, n.op("Mul", x, n.const([1.0, 0.7, 1.31, 0.91, 1.11, 0.77]))),
        0,
        "Mul mul_4: gives each class a real-valued scale or offset of its own, so that no integers are known",
    ),
    "offsets that float32 loses in large scores": (
        lambda n, x: argmax(n, offset(n, x, 2.0**-22 * np.arange(CLASSES))), 0, "real-valued scale or offset of its own"
    ),
    "values together": (lambda n, x: argmax(n, n.op("Mul", x, n.op("Sigmoid", x))), 0, "puts several values together"),
    "probabilities": (
        lambda n, x: argmax(n, offset(n, n.op("Softmax", x, axis=1), BIAS)), 0, "goes on with probabilities"
    ),
    "the last of equal ones": (lambda n, x: argmax(n, x, select_last_index=1), 0, "takes the last of equal scores"),
    "the smallest": (lambda n, x: top(n, x, 1, largest=0)[1], 0, "takes the smallest scores"),
    "another number": (lambda n, x: top(n, x, 3)[1], 2, "chooses the 3 largest itself, not 2; leave --top-k out"),
    "too many": (lambda n, x: x, 7, "there are no 7 largest of 6 classes"),
    "that fall": (lambda n, x: argmax(n, n.op("Neg", x)), 0, "makes scores equal|changes the order"),
    "a softmax of near scores": (
        lambda n, x: argmax(n, n.op("Softmax", n.op("Mul", x, n.const([1e-7])), axis=1)), 0, "may make scores equal"
    ),
    "different scores": (
        lambda n, x: [biased(n, x), offset(n, x, BIAS)], 0, "are different scores"
    ),
    "another axis": (
        lambda n, x: argmax(n, n.op("Reshape", x, n.const([1, 2, 3], np.int64)), axis=1), 0, "along another axis"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_integers_of_the_same_order_is_refused_with_the_reason(name: str) -> None:
    build, k, message = REFUSED[name]
    with pytest.raises(GraphError, match=message):
        import_network(model_of(build), argmax=k)


def test_networks_of_several_outputs_are_refused() -> None:
    net = QonnxNet(1, 3, 2, 2)
    with pytest.raises(
        GraphError, match=r"has 2 outputs .*, and an argmax takes the scores of one; leave --argmax out"
    ):
        import_network(net.model(segments(net), net.conv(net.nodes[0].output[0], np.ones((2, 3, 1, 1)))), argmax=0)


def test_scores_that_are_a_flattened_map_are_refused() -> None:
    net = QonnxNet(1, 3, 2, 2)
    with pytest.raises(GraphError, match="has 24 scores in one row, which leave the hardware as a map"):
        import_network(net.model(net.op("Flatten", segments(net))), argmax=0)
    net = QonnxNet(1, 3, 2, 2)
    with pytest.raises(GraphError, match="moves pixels or classes"):
        import_network(net.model(net.op("Softmax", net.op("Flatten", segments(net)), axis=1)), argmax=0)


def test_a_single_score_is_refused() -> None:
    net = QonnxNet(1, 3, 2, 2)
    x = net.conv(net.quant("image"), np.ones((1, 3, 1, 1)))
    with pytest.raises(GraphError, match="has one score: there is nothing to choose from"):
        import_network(net.model(x), argmax=0)


def test_segments_and_scores_of_one_class_take_the_bits_that_they_need() -> None:
    network = import_network(model_of(lambda n, x: argmax(n, x), segments), argmax=0)
    (output,) = network.graph.outputs
    assert str(network.graph.types[output]) == "uint3[1x2x2]"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuildFolder]:
    """By what the file ends in: builds that give the three best classes, and the best one."""
    folder, found = tmp_path_factory.mktemp("argmax"), {}
    for name, build, k in (("softmax", SCORES["softmax"], 3), ("argmax", CHOOSING["real offsets and argmax"], 0)):
        onnx.save(model_of(build), folder / f"{name}.onnx")
        found[name] = codesign.export(folder / f"{name}.onnx", folder / name, argmax=k).folder
    return found


STAGES = ["qonnx", "onnxruntime", "graph", "tail"]


@pytest.mark.parametrize("name", ["softmax", "argmax"])
def test_a_build_is_exact_up_to_the_classes_of_the_file(name: str, built: dict[str, BuildFolder]) -> None:
    verdict = codesign.verify(built[name].path, images=5, stages=STAGES)
    assert verdict.exact and [stage.name for stage in verdict.stages] == STAGES


def test_verify_names_a_class_that_is_not_the_largest(built: dict[str, BuildFolder], tmp_path: Path) -> None:
    folder = shutil.copytree(built["softmax"].path, tmp_path / "build")
    graph = load(folder / "graph.npz")
    *before, last = graph.nodes
    turned = (Node("turned", Shuffle(2), last.inputs), replace(last, inputs=("turned",)))
    wrong = replace(graph, nodes=(*before, *turned))
    save(wrong, folder / "graph.npz")
    verdict = codesign.verify(folder, images=9, stages=["tail"], changed=True)
    assert not verdict.exact
    assert "is the largest in place" in str(verdict.stages[0].problem)


@pytest.mark.parametrize("name", ["softmax", "argmax"])
def test_the_classes_are_read_as_they_are(name: str, built: dict[str, BuildFolder]) -> None:
    build = built[name]
    images = random_images(build.graph, 20)
    (wanted,) = execute(build.graph, {"image": images}).values()
    found = list(predictions(build, "graph", images, silent))
    assert [(one.label, *one.following) for one in found] == [tuple(row) for row in wanted.reshape(20, -1).tolist()]
    assert {one.probability for one in found} == {None}
    assert reading_of(build).classes == tuple(map(str, range(CLASSES)))


@pytest.mark.parametrize("name", ["softmax", "argmax"])
def test_the_driver_gives_indices_of_classes(name: str, built: dict[str, BuildFolder]) -> None:
    build = built[name]
    deployed = build.board / "deploy"
    design = json.loads((deployed / "design.json").read_text())
    (output,) = (driver.DmaStream(fields) for fields in design["outputs"])
    (wanted,) = execute(build.graph, {"image": random_images(build.graph, 1)}).values()
    tail = driver.tail_of(design, deployed)
    (found,) = driver.meaning(design["decode"], {output.name: wanted[0]}, {output.name: output.scale}, tail).values()
    assert found.dtype == np.int64 and found.reshape(-1).tolist() == wanted.reshape(-1).tolist()
    assert (design["outputs"][0]["classes"], tail is None) == (CLASSES, name == "softmax")


def test_the_report_says_what_the_hardware_chooses(built: dict[str, BuildFolder]) -> None:
    file = json.loads(built["argmax"].report.read_text())["file"]
    assert (file["hardware"]["operators"]["ArgMax"], file["tail"]["operators"]) == (1, {})
    assert file["outputs"][0]["type"] == f"index of {CLASSES} classes"


def test_a_detector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="its task is detection, which chooses no classes by their scores"):
        codesign.export("codenet-digits", tmp_path / "build", argmax=0)
    assert not (tmp_path / "build").exists()


def test_a_refused_argmax_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    onnx.save(model_of(REFUSED["factors of the classes"][0]), tmp_path / "net.onnx")
    command = ["export", str(tmp_path / "net.onnx"), "--out", str(tmp_path / "build")]
    assert status([*command, "--argmax"]) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "gives each class a real-valued scale or offset of its own" in line
    assert status([*command, "--top-k", "2"]) == 2
    assert "--top-k belongs to --argmax" in capfd.readouterr().err
    assert not (tmp_path / "build").exists()
