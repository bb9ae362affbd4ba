"""A network of QKeras, by way of qonnx' converter: what it computes is what Keras predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from codesign.frontend.inputs import with_types
from codesign.frontend.qonnx import import_network
from codesign.graph import execute
from codesign.graph.reals import to_real

DATA = Path(__file__).with_name("data")


@pytest.mark.parametrize("name", ["jets", "conv"])
def test_a_file_of_qkeras_computes_what_keras_predicts(name: str) -> None:
    model = onnx.load(DATA / f"qkeras_{name}.onnx")
    graph = import_network(with_types(model, ["global_in=fixed<8,1>"])).graph
    with np.load(DATA / f"qkeras_{name}.npz") as stored:
        given, predicted = stored["x"], stored["y"]
    (source,), (output,) = graph.inputs, graph.outputs
    integers = np.rint(given * 128).astype(np.int32)
    frames = integers.transpose(0, 3, 1, 2) if integers.ndim == 4 else integers[:, :, None, None]
    found = to_real(execute(graph, {source: frames})[output], graph.types[output])
    assert (found.reshape(predicted.shape) == predicted).all()
