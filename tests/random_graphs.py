"""Random integer graphs: chains of any operators with side branches, for comparing back ends."""

from __future__ import annotations

import numpy as np

from codesign.graph import Graph, Node, Op, TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.upsample import Upsample

KINDS = (
    "conv",
    "depthwise",
    "group_conv",
    "deform",
    "maxpool",
    "upsample",
    "split",
    "shuffle",
    "peak",
    "add",
    "avgpool",
)


def random_graph(seed: int, length: int = 6) -> Graph:
    """A network of about `length` operators on a small input of random size, range and scale."""
    return _Maker(np.random.default_rng(seed)).make(length)


class _Maker:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        shape = (self.int(1, 6), self.int(1, 9), self.int(1, 9))
        lo, hi = [(0, 255), (-128, 127), (-7, 7), (0, 1), (3, 900)][self.int(0, 4)]
        self.inputs = {"x": TensorType(shape, lo, hi, (2.0 ** self.int(-9, 2),))}
        self.nodes: list[Node] = []

    def int(self, lo: int, hi: int) -> int:
        return int(self.rng.integers(lo, hi, endpoint=True))

    def make(self, length: int) -> Graph:
        x = "x"
        for _ in range(length):
            x = self.step(x, KINDS[self.int(0, len(KINDS) - 1)])
        unread = Graph("random", self.inputs, tuple(self.nodes), ()).consumers
        outputs = tuple(name for name, readers in unread.items() if not readers)
        return Graph("random", self.inputs, tuple(self.nodes), outputs)

    def type(self, tensor: str) -> TensorType:
        return Graph("random", self.inputs, tuple(self.nodes), ()).types[tensor]

    def add(self, op: Op, *inputs: str) -> str:
        self.nodes.append(Node(f"{op.kind}{len(self.nodes)}", op, inputs))
        return self.nodes[-1].name

    def step(self, x: str, kind: str) -> str:
        t = self.type(x)
        if kind in ("conv", "depthwise", "group_conv", "deform"):
            return self.requantized(self.layer(x, t, kind))
        if kind == "maxpool":
            kernel = (self.int(1, min(3, t.height)), self.int(1, min(3, t.width)))
            pads = tuple(self.int(0, k - 1) for k in kernel * 2)
            return self.add(MaxPool(kernel, (self.int(1, 2), self.int(1, 2)), pads), x)
        if kind == "split" and t.channels > 1:
            first = self.int(1, t.channels - 1)
            parts = self.add(Split((first, t.channels - first)), x)
            return self.add(Concat(), f"{parts}.1", f"{parts}.0", f"{parts}.1")
        if kind == "shuffle":
            return self.add(Shuffle(self.divisor(t.channels)), x)
        if kind == "add":
            weight = self.rng.integers(-8, 8, (t.channels, 1, 1, 1))
            branch = self.add(Depthwise(weight, np.zeros(t.channels), (2.0 ** self.int(-4, 0),)), x)
            return self.requantized(self.add(Add(), x, self.requantized(branch, t.scale[0])))
        if kind == "avgpool":
            return self.requantized(self.add(AvgPool(2 ** self.int(0, 4)), x))
        if kind == "peak":
            threshold = self.int(t.lo, t.hi)
            return self.add(Peak(threshold, min(t.lo, threshold - 1)), x)
        return self.add(Upsample(self.int(1, 2)), x) if t.pixels < 100 else x

    def divisor(self, number: int) -> int:
        divisors = [d for d in range(1, number + 1) if number % d == 0]
        return divisors[self.int(0, len(divisors) - 1)]

    def layer(self, x: str, t: TensorType, kind: str) -> str:
        groups = {"conv": 1, "group_conv": self.divisor(t.channels)}.get(kind, t.channels)
        outputs = t.channels if kind in ("depthwise", "deform") else groups * self.int(1, max(1, 6 // groups))
        scale = tuple(2.0 ** self.rng.integers(-4, 1, outputs).astype(float))
        bias = self.rng.integers(-200, 200, outputs)
        bits = 2 ** self.int(1, 7)
        if kind == "deform":
            shift = self.int(0, 6)
            to_one = (2.0**-shift / t.scale[0],)
            s = self.add(Conv(self.rng.integers(-3, 4, (1, t.channels, 1, 1)), [self.int(-50, 50)], to_one), x)
            s = self.add(Requant([shift], -7, 7, 1.0), s)
            return self.add(Deform(self.rng.integers(-bits, bits, (t.channels, 1, 3, 3)), bias, scale), x, s)
        kernel = (self.int(1, min(3, t.height)), self.int(1, min(3, t.width)))
        pads = tuple(self.int(0, 2) for _ in range(4))
        stride = (self.int(1, 2), self.int(1, 2))
        weight = self.rng.integers(-bits, bits, (outputs, t.channels // groups, *kernel))
        if kind == "group_conv":
            return self.add(GroupConv(weight, bias, scale, stride, pads, groups=groups), x)
        return self.add((Conv if kind == "conv" else Depthwise)(weight, bias, scale, stride, pads), x)

    def requantized(self, x: str, target: float | None = None) -> str:
        t = self.type(x)
        target = target or 2.0 ** (np.log2(max(t.scale)) + max(0, t.magnitude.bit_length() - self.int(3, 9)))
        lo, hi = [(0, 255), (-128, 127), (-7, 7), (0, 6), (-2000, 2000)][self.int(0, 4)]
        return self.add(Requant(np.log2(target / np.array(t.scale)).astype(int), lo, hi, target), x)
