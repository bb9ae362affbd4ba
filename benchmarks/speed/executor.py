"""Frames per second of the integer graph's executor beside QONNX's own, on a conv, depthwise, 1x1 stack.

    python -m benchmarks.speed.executor

Both compute all tensors' values and must agree. Writes benchmarks/results/executor.json.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from benchmarks.record import save
from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.frontend.load import simplified
from codesign.frontend.qonnx import import_qonnx
from codesign.graph import execute
from codesign.graph.reals import to_integers, to_real

SIZE, CHANNELS = 16, (8, 16, 32)
SECONDS = 2.0
BATCH = 64
DOMAIN = "qonnx.custom_op.general"


def stack() -> onnx.ModelProto:
    """conv3x3 8 -> 16, depthwise 3x3, conv1x1 16 -> 32 at 16x16, W4A8: 462,848 MACs."""
    rng = np.random.default_rng(0)
    c_in, c_mid, c_out = CHANNELS
    constants: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def const(value: object) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), f"c{len(constants)}"))
        return constants[-1].name

    def quant(x: str, name: str, scale: float, bits: int, signed: int) -> str:
        inputs = [x, const(scale), const(0), const(bits)]
        attributes = {"signed": signed, "narrow": 0, "rounding_mode": "ROUND", "domain": DOMAIN}
        nodes.append(helper.make_node("Quant", inputs, [name], name, **attributes))
        return name

    def layer(x: str, name: str, shape: tuple[int, ...], group: int = 1) -> str:
        weight = quant(const(rng.integers(-7, 8, shape)), f"{name}.weight", 1.0, 4, 1)
        pad = shape[2] // 2
        nodes.append(
            helper.make_node("Conv", [x, weight], [f"{name}.conv"], f"{name}.conv", pads=[pad] * 4, group=group)
        )
        nodes.append(helper.make_node("Relu", [f"{name}.conv"], [f"{name}.relu"], f"{name}.relu"))
        return quant(f"{name}.relu", name, 16.0 if group == 1 else 4.0, 8, 0)

    def declare(name: str, channels: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, SIZE, SIZE])

    x = quant("image", "input", 1.0, 8, 0)
    x = layer(x, "dense", (c_mid, c_in, 3, 3))
    x = layer(x, "depthwise", (c_mid, 1, 3, 3), group=c_mid)
    x = layer(x, "pointwise", (c_out, c_mid, 1, 1))
    graph = helper.make_graph(nodes, "stack", [declare("image", c_in)], [declare(x, c_out)], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19), helper.make_opsetid(DOMAIN, 1)])


def frames_per_second(run: Callable[[], object], frames: int) -> float:
    """The rate of the fastest of the calls that fit into SECONDS, after one to warm up."""
    run()
    fastest, stop = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < stop:
        start = time.perf_counter()
        run()
        fastest = min(fastest, time.perf_counter() - start)
    return frames / fastest


def main() -> None:
    model = stack()
    graph = import_qonnx(model)
    ((name, kind),), (output,) = graph.inputs.items(), graph.outputs
    images = np.random.default_rng(1).integers(0, 256, (BATCH, *kind.shape)).astype(np.int32)
    wrapper: ModelWrapper = simplified(model)
    real = to_real(images, kind)

    def run_qonnx() -> np.ndarray:
        return execute_onnx(wrapper, {name: real[:1]})[wrapper.graph.output[0].name]

    ours = execute(graph, {name: images})[output]
    assert np.array_equal(ours[:1], to_integers(run_qonnx(), graph.types[output]))
    assert np.array_equal(ours, run_onnxruntime(emit_qcdq(graph), graph, images)[output])
    rates = {
        "qonnx": frames_per_second(run_qonnx, 1),
        "executor, one image": frames_per_second(lambda: execute(graph, {name: images[:1]}), 1),
        f"executor, batch of {BATCH}": frames_per_second(lambda: execute(graph, {name: images}), BATCH),
    }
    result = {
        "network": "conv3x3 8->16, depthwise 3x3, conv1x1 16->32 at 16x16, W4A8",
        "macs": graph.macs,
        "machine": f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}",
        "frames_per_second": {key: round(value, 1) for key, value in rates.items()},
        "times_qonnx": {key: round(value / rates["qonnx"], 1) for key, value in rates.items()},
    }
    save("executor", result, ("benchmarks/speed/executor.py", "codesign/graph/**/*.py"))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
