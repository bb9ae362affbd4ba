"""Builds graphs for whole-network benches."""

import numpy as np

from codesign.graph import Graph, IntArray, Node, Op, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.requant import Requant


class Builder:
    """Adds nodes to a graph, with random weights; all activations share the scale 1."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        self.rng = np.random.default_rng(1)
        self.inputs = {"image": TensorType((channels, height, width), 0, 255)}
        self.nodes: list[Node] = []

    def add(self, name: str, op: Op, *inputs: str) -> str:
        self.nodes.append(Node(name, op, inputs))
        return name

    def weights(self, *shape: int) -> IntArray:
        return self.rng.integers(-7, 8, shape)

    def quantized(self, name: str, op: Op, *inputs: str, lo: int = 0, hi: int = 255, shift: int = 4) -> str:
        """`op` on `inputs`, and a requantization that undoes the scale 2^-shift of its weights."""
        return self.add(f"{name}.quant", Requant(np.array([shift]), lo, hi, 1.0), self.add(name, op, *inputs))

    def conv(
        self,
        name: str,
        x: str,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        offset: int = 0,
        **quant: int,
    ) -> str:
        bias = self.rng.integers(-200, 200, outputs) + offset
        weight = self.weights(outputs, inputs, kernel, kernel)
        scale = (2.0 ** -quant.get("shift", 4),)
        op = Conv(weight, bias, scale, (stride, stride), (kernel // 2,) * 4)
        return self.quantized(name, op, x, **quant)

    def depthwise(self, name: str, x: str, channels: int, stride: int = 1) -> str:
        bias = self.rng.integers(-200, 200, channels)
        op = Depthwise(self.weights(channels, 1, 3, 3), bias, (2.0**-3,), (stride, stride), (1, 1, 1, 1))
        return self.quantized(name, op, x, shift=3)

    def grouped(self, name: str, x: str, inputs: int, outputs: int, groups: int, kernel: int = 3) -> str:
        weight = self.weights(outputs, inputs // groups, kernel, kernel)
        bias = self.rng.integers(-200, 200, outputs)
        return self.quantized(name, GroupConv(weight, bias, (2.0**-4,), pads=(kernel // 2,) * 4, groups=groups), x)

    def graph(self, *outputs: str) -> Graph:
        return Graph("everything", self.inputs, tuple(self.nodes), outputs)
