"""What a build's outputs say, where a part of the network is left to the host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

import codesign
from codesign.build_folder import open_build
from codesign.errors import BuildError
from codesign.frontend.run import run_outputs
from codesign.progress import silent
from codesign.verification.images import random_images
from codesign.verification.outputs import outputs_of
from codesign.verification.predict import predictions, reading_of
from tests.onnx_nets import QonnxNet

CLASSES = 10
IMAGES = 24


def scores(net: QonnxNet) -> str:
    """Sums of which no integer tells the largest: each class has a scale and a bias of its own."""
    rng = np.random.default_rng(3)
    flat = net.op("Flatten", net.quant("image", 1, 8, signed=0))
    sums = net.op("MatMul", flat, net.weight(rng.integers(-7, 8, (27, CLASSES)), 0.25))
    parts = (rng.uniform(0.2, 3, CLASSES), rng.normal(0, 50, CLASSES), np.zeros(CLASSES), np.ones(CLASSES))
    return net.op("BatchNormalization", sums, *map(net.const, parts))


def top(net: QonnxNet, x: str, largest: int = 1) -> tuple[str, ...]:
    return tuple(net.op("TopK", x, net.const([3], np.int64), outputs=2, axis=1, largest=largest))


CHOICES: dict[str, Callable[[QonnxNet, str], tuple[str, ...]]] = {
    "scores": lambda n, x: (x,),
    "softmax": lambda n, x: (n.op("Softmax", n.op("Mul", x, n.const([0.01])), axis=1),),
    "argmax": lambda n, x: (n.op("ArgMax", x, axis=1, keepdims=0),),
    "top k": top,
    "scores and their argmax": lambda n, x: (x, n.op("Cast", n.op("ArgMax", x, axis=1), to=onnx.TensorProto.FLOAT)),
}


def built(folder: Path, outputs: Callable[[QonnxNet, str], tuple[str, ...]]) -> tuple[onnx.ModelProto, Path]:
    net = QonnxNet(1, 3, 3, 3)
    model = net.model(*outputs(net, scores(net)))
    onnx.save(model, folder / "net.onnx")
    return model, codesign.export(folder / "net.onnx", folder / "build").folder.path


@pytest.mark.parametrize("name", CHOICES)
def test_a_class_is_what_the_file_takes_for_the_largest(name: str, tmp_path: Path) -> None:
    model, folder = built(tmp_path, CHOICES[name])
    build = open_build(folder)
    (kind,) = build.graph.inputs.values()
    images = random_images(kind, IMAGES)
    (output, *_) = (value.name for value in model.graph.output)
    expected = run_outputs(model, build.graph, images, [output])[output]
    if name in ("argmax", "top k"):
        indices = [value.name for value in model.graph.output][-1]
        labels = run_outputs(model, build.graph, images, [indices])[indices].reshape(IMAGES, -1)[:, 0]
    else:
        labels = expected.reshape(IMAGES, -1).argmax(1)
    found = list(predictions(build, "graph", images, silent))
    assert [guess.label for guess in found] == labels.tolist()
    assert len(set(labels.tolist())) > 2
    assert reading_of(build).classes == tuple(map(str, range(CLASSES)))


def test_integers_that_the_host_only_chooses_from_are_read_themselves(tmp_path: Path) -> None:
    net = QonnxNet(1, 3, 3, 3)
    flat = net.op("Flatten", net.quant("image", 1, 8, signed=0))
    sums = net.op("MatMul", flat, net.weight(np.random.default_rng(0).integers(-7, 8, (27, CLASSES)), 0.25))
    onnx.save(net.model(net.op("ArgMax", sums, axis=1)), tmp_path / "net.onnx")
    (output,) = outputs_of(codesign.export(tmp_path / "net.onnx", tmp_path / "build").folder).by_name.values()
    assert not output.real and output.scale == (0.25,)


def test_the_smallest_are_no_classes(tmp_path: Path) -> None:
    _, folder = built(tmp_path, lambda net, x: top(net, x, largest=0))
    with pytest.raises(BuildError, match="neither classes nor"):
        reading_of(open_build(folder))
