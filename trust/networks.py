"""The small networks of the sabotage suite, as a user would bring them: QONNX files and a target's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import yaml

from codesign.graph import IntArray
from codesign.targets import load_target
from tests.onnx_nets import QonnxNet


@dataclass(frozen=True)
class Case:
    """A network, the resources of its target where they are not the board's, and the options of its export."""

    model: onnx.ModelProto
    resources: Mapping[str, float]
    fps: float
    sparse: bool = False
    argmax: int | None = None

    def files(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Writes the network's file and the target's."""
        target = load_target("pynq-z2").model_dump(mode="json", exclude_none=True)
        target |= {"name": f"{name}-target", "overlay": None, "resources": target["resources"] | dict(self.resources)}
        network, board = folder / f"{name}.onnx", folder / f"{name}.yaml"
        onnx.save(self.model, network)
        board.write_text(yaml.safe_dump({key: value for key, value in target.items() if value is not None}))
        return network, board


def operators() -> onnx.ModelProto:
    """Every operator of the integer graph, most of them with several lanes, on maps of 8x8 and less but for one."""
    rng = np.random.default_rng(18)
    net = QonnxNet(1, 3, 8, 8)
    x = net.quant("image", 1.0)
    stem = net.quant(net.conv(x, _weights(rng, 8, 3, 5, 5), _steps(8, 2), np.arange(8) - 3, pads=[2] * 4), 8.0)
    down = net.quant(
        net.conv(stem, _weights(rng, 8, 8, 3, 3), _steps(8, 5), pads=[1] * 4, strides=[2, 2]),
        32.0,
        8,
        signed=1,
        narrow=1,
    )
    wide = net.op("Resize", down, net.const([]), net.const([1, 1, 2, 2]), mode="nearest")
    high = net.op("MaxPool", wide, kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4)
    first, second = net.op("Split", stem, net.const([2, 6], np.int64), outputs=2, axis=1)
    deep = net.quant(net.conv(second, _weights(rng, 6, 1, 3, 3), group=6, pads=[1] * 4), 16.0)
    mixed = net.op("Concat", net.quant(net.conv(first, _weights(rng, 6, 2, 1, 1)), 16.0, 6, signed=1), deep, axis=1)
    mixed = _shuffle(net, mixed, 12, 8, 8)
    grouped = net.quant(
        net.conv(mixed, _weights(rng, 8, 6, 3, 3), _steps(8, 3), group=2, pads=[1] * 4), 32.0, 8, signed=1
    )
    turned = _shuffle(net, grouped, 8, 8, 8)
    s = net.quant(net.conv(first, [[[[5]], [[-7]]]], 2.0**-11), 1.0, 4, signed=1)
    s = net.op("Clip", s, net.const(-4.0), net.const(7.0))
    bent = net.quant(net.deform(turned, s, _weights(rng, 8, 1, 3, 3)), 32.0, 8, signed=1)
    total = net.quant(net.op("Add", bent, high), 32.0, 6, signed=1)
    heat = net.quant(net.conv(total, _weights(rng, 3, 8, 1, 1), bias=[32.0, 0.0, 96.0]), 32.0, 7, signed=1)
    low = net.quant(net.conv(second, _weights(rng, 4, 6, 1, 1)), 32.0, 5)
    known = net.conv(net.op("Concat", total, low, axis=1), _weights(rng, 6, 12, 1, 1, most=127), 0.37)
    known = net.op("Mul", known, net.const(np.array([1.0, -1.3, 0.7, 2.0, -0.4, 1.1]).reshape(6, 1, 1)))
    known = net.quant(known, 97.3, 4)
    signs = net.bipolar(
        net.op("Sub", net.conv(known, _weights(rng, 8, 6, 1, 1)), net.const(rng.normal(0, 60, (8, 1, 1))))
    )
    large = net.op("Resize", signs, net.const([]), net.const([1, 1, 3, 3]), mode="nearest")
    near = net.bipolar(_binary(net, rng, _padded(net, large, 2), 6, 8, 5, 5))
    small = net.op("MaxPool", near, kernel_shape=[6, 6], strides=[6, 6])
    far = net.quant(_binary(net, rng, _padded(net, small, 1), 32, 6, 3, 3), 4.0, 4, signed=1)
    far = _shuffle(net, far, 32, 4, 4)
    flat = net.op("Flatten", net.quant(net.op("GlobalAveragePool", far), 0.25, 7, signed=1))
    classes = net.quant(
        net.op("Gemm", flat, net.weight(_weights(rng, 32, 5)), net.const(np.arange(5) / 4)), 8.0, signed=1
    )
    scale, bias = np.linspace(0.61, 1.7, 6).reshape(6, 1, 1, 1), 37.3 * np.arange(6) - 90
    odd = net.quant(net.conv(second, _weights(rng, 6, 6, 1, 1, most=31), scale, bias), 27.3, 8, signed=1)
    curved = net.op("Mul", odd, net.op("Sigmoid", net.op("Mul", odd, net.const(0.0071))))
    curved = net.op("Mul", curved, net.const(np.arange(1, 7).reshape(6, 1, 1) / 3.1))
    curved = net.quant(curved, 37.1, 8, signed=1)
    mean = net.op("GlobalAveragePool", second)
    gate = net.quant(net.op("Sigmoid", net.conv(mean, _weights(rng, 6, 6, 1, 1), 2.0**-6)), 1 / 251.3, 8)
    at = net.quant(net.op("Sigmoid", net.conv(first, _weights(rng, 1, 2, 1, 1), 2.0**-6)), 1 / 64, 6)
    gated = net.quant(net.op("Mul", gate, curved), 23.7, 8, signed=1)
    gated = net.quant(net.op("Mul", gated, at), 17.9, 8, signed=1)
    near_border = net.op("AveragePool", low, kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2])
    near_border = net.quant(near_border, 41.3, 5)
    filters = net.weight(_weights(rng, 1, 1, 3, 3))
    raised = net.op("ConvTranspose", at, filters, strides=[2, 2], pads=[1, 1, 1, 1])
    raised = net.quant(raised, 1 / 64, 6, signed=1)
    return net.model(net.peak(heat, 160.0, -2048.0), classes, gated, near_border, raised)


def detector() -> onnx.ModelProto:
    """A detector whose largest layer does not fit on its chip, so that its weights come from memory."""
    rng = np.random.default_rng(19)
    net = QonnxNet(1, 3, 4, 4)
    x = net.quant("image", 1.0)
    stem = net.quant(net.conv(x, _weights(rng, 64, 3, 3, 3), pads=[1] * 4), 64.0)
    deep = net.quant(
        net.conv(stem, _weights(rng, 320, 64, 1, 1, most=127), _steps(320, 1), 64.0 * rng.integers(-99, 99, 320)),
        2048.0,
    )
    back = net.quant(net.conv(deep, _weights(rng, 48, 320, 1, 1, most=127)), 32768.0, 6)
    heat, *beside = (
        net.quant(net.conv(back, _weights(rng, count, 48, 1, 1)), 65536.0, 8, signed=1, name=name)
        for name, count in (("scores", 3), ("size", 2), ("offset", 2))
    )
    net.peak(heat, 65536.0, -8388608.0)
    net.nodes[-1].output[0] = net.nodes[-1].name = "heat"
    return net.model("heat", *beside)


def segments() -> onnx.ModelProto:
    """A class for every pixel: seven scores that come in several beats of several lanes, the last one not full."""
    rng = np.random.default_rng(20)
    net = QonnxNet(1, 3, 8, 8)
    x = net.quant(net.conv(net.quant("image", 1.0), _weights(rng, 4, 3, 1, 1)), 32.0, 4)
    return net.model(net.quant(net.conv(x, _weights(rng, 7, 4, 1, 1)), 8.0, 4, signed=1))


def classes() -> onnx.ModelProto:
    """The scores of nine classes."""
    rng = np.random.default_rng(21)
    net = QonnxNet(1, 3, 3, 3)
    flat = net.op("Flatten", net.quant("image", 1.0, 2))
    return net.model(net.op("Gemm", flat, net.weight(_weights(rng, 27, 9, most=1), bits=2), net.const(np.zeros(9))))


def binary() -> onnx.ModelProto:
    """A binary layer at a rate at which its pixels come in three beats, to windows that come whole."""
    rng = np.random.default_rng(5)
    net = QonnxNet(1, 3, 6, 6)
    x = net.quant("image", 1.0)
    sums = net.conv(x, _weights(rng, 6, 3, 1, 1))
    signs = net.bipolar(net.op("Sub", sums, net.const(rng.normal(0, 60, (6, 1, 1)))))
    return net.model(net.quant(_binary(net, rng, _padded(net, signs, 1), 8, 6, 3, 3), 4.0, 4, signed=1))


def _weights(rng: np.random.Generator, *shape: int, most: int = 7) -> IntArray:
    return rng.integers(-most, most + 1, shape).astype(np.int32)


def _steps(channels: int, most: int) -> np.ndarray:
    """Scales of weights by output channel, 1 to 2^-most."""
    return (2.0 ** -(np.arange(channels) % (most + 1))).reshape(channels, 1, 1, 1)


def _binary(net: QonnxNet, rng: np.random.Generator, x: str, *shape: int) -> str:
    return net.op("Conv", x, net.bipolar(net.const(rng.normal(0, 1, shape))))


def _padded(net: QonnxNet, x: str, by: int) -> str:
    """By so many pixels of -1 on each side."""
    return net.op("Pad", x, net.const([0, 0, by, by] * 2, np.int64), net.const(-1.0))


def _shuffle(net: QonnxNet, x: str, channels: int, *size: int) -> str:
    """In two groups."""
    x = net.op("Reshape", x, net.const([1, 2, channels // 2, *size], np.int64))
    x = net.op("Transpose", x, perm=[0, 2, 1, 3, 4])
    return net.op("Reshape", x, net.const([1, channels, *size], np.int64))


CASES: Mapping[str, Case] = {
    "operators": Case(operators(), {"lut": 14300, "dsp": 74}, 170_000),
    "detector": Case(detector(), {"bram36": 2, "lut": 6200}, 10_000, sparse=True),
    "segments": Case(segments(), {}, 300_000, argmax=1),
    "classes": Case(classes(), {}, 100_000, argmax=4),
    "binary": Case(binary(), {}, 900_000),
}
