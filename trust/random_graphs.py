"""Random integer graphs for hypothesis: chains of all operators with side branches, for comparing back ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from codesign.errors import GraphError
from codesign.graph import Graph, IntArray, Node, Op, TensorType
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.lookup import MOST_VALUES, Lookup
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK
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
    "depth_to_space",
    "peak",
    "top_k",
    "add",
    "mul",
    "avgpool",
    "gain_map",
    "interleave",
    "lookup",
    "rescale",
    "threshold",
    "bipolar",
    "binary_conv",
    "linear",
)
"""Kinds of steps. `bipolar` is a threshold of outputs -1 and +1; `requant` and `concat` are parts of other steps."""

RANGES = ((0, 255), (-128, 127), (-7, 7), (0, 1), (3, 900), (-1, 0), (-32, 5), (-1, 1, 2), (-3, 12, 5))
"""What the input may hold: least integer, greatest, and their steps where these are not 1."""


@st.composite
def graphs(draw: st.DrawFn, longest: int = 6, largest: int = 9) -> Graph:
    """A network of up to `longest` steps on an input of at most 6 channels and `largest` x `largest` pixels.

    Structure, ranges and scales are drawn, so that hypothesis makes them small; weights come from a seed.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    maker = _Maker(rng, lambda lo, hi: draw(st.integers(lo, hi)), largest)
    return maker.make(draw(st.integers(1, longest)))


class _Maker:
    def __init__(self, rng: np.random.Generator, choose: Callable[[int, int], int], largest: int) -> None:
        self.rng, self.int = rng, choose
        shape = (self.int(1, 6), self.int(1, largest), self.int(1, largest))
        lo, hi, *step = RANGES[self.int(0, len(RANGES) - 1)]
        self.inputs = {"x": TensorType(shape, lo, hi, (2.0 ** self.int(-9, 2),), *step)}
        self.nodes: list[Node] = []
        self.kinds = rng.permutation(KINDS)  # hypothesis likes to draw the same number again

    def make(self, length: int) -> Graph:
        x = "x"
        for _ in range(length):
            x = self.step_or_none(x, self.kinds[self.int(0, len(KINDS) - 1)])
        unread = Graph("random", self.inputs, tuple(self.nodes), ()).consumers
        outputs = tuple(name for name, readers in unread.items() if not readers)
        return Graph("random", self.inputs, tuple(self.nodes), outputs)

    def step_or_none(self, x: str, kind: str) -> str:
        """`x` where the graph refuses the step: its sums would be too large, or its input's steps are not 1."""
        nodes = len(self.nodes)
        try:
            y = self.step(x, kind)
            self.type(y)
        except GraphError:
            del self.nodes[nodes:]
            return x
        return y

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
            kernel = self.kernel(t)
            stride, dilation = (self.int(1, 2), self.int(1, 2)), (self.int(1, 2), self.int(1, 2))
            return self.add(MaxPool(kernel, stride, self.pads(kernel), dilation), x)
        if kind == "split" and t.channels > 1:
            first = self.int(1, t.channels - 1)
            parts = self.add(Split((first, t.channels - first)), x)
            joined = self.add(Concat(), f"{parts}.1", f"{parts}.0")
            return self.add(Concat(), joined, f"{parts}.1") if self.int(0, 1) else joined
        if kind == "shuffle":
            return self.add(Shuffle(self.divisor(t.channels)), x)
        if kind == "depth_to_space":
            return self.blocks(x, t)
        if kind == "add":
            weight = self.rng.integers(-8, 8, (t.channels, 1, 1, 1))
            branch = self.add(Depthwise(weight, np.zeros(t.channels), (2.0 ** self.int(-4, 0),)), x)
            return self.requantized(self.add(Add(), x, self.requantized(branch, t.scale[0])))
        if kind == "mul":
            return self.product(x, t)
        if kind == "avgpool":
            return self.requantized(self.add(AvgPool(2 ** self.int(0, 4)), x))
        if kind == "gain_map":
            rows, columns = (self.rng.integers(1, 1 + self.int(1, 12), side) for side in t.shape[1:])
            return self.requantized(self.add(GainMap(rows, columns, 2 ** self.int(0, 6)), x))
        if kind == "interleave":
            return self.add(Interleave(), x, self.add(Shuffle(self.divisor(t.channels)), x))
        if kind == "lookup" and t.hi - t.lo < MOST_VALUES:
            return self.lookup(x, t)
        if kind == "rescale":
            return self.rescale(x, t)
        if kind == "threshold":
            return self.threshold(x, t, self.int(1, 15), self.int(-8, 8))
        if kind == "bipolar":
            return self.threshold(x, t, 1, -1, step=2)
        if kind == "binary_conv":
            return self.after_sums(self.binary_conv(x if t.step == 2 else self.threshold(x, t, 1, -1, step=2)))
        if kind == "linear":
            return self.requantized(self.linear(x, t))
        if kind == "top_k":
            return self.add(TopK(self.int(1, min(3, t.channels))), x)
        if kind == "peak":
            threshold = self.int(t.lo, t.hi)
            return self.add(Peak(threshold, min(t.lo, threshold - 1)), x)
        return self.add(Upsample(self.int(1, 2)), x) if kind == "upsample" and t.pixels < 100 else x

    def product(self, x: str, t: TensorType) -> str:
        """By another layer's map, by what a sum of the whole map makes of each channel, or by a value a pixel."""
        by = self.int(0, 2)
        source = self.add(AvgPool(2 ** self.int(0, 4)), x) if by == 1 else x
        outputs = 1 if by == 2 else t.channels
        most = self.magnitude(self.type(source), t.channels)
        weight = self.weights(most, (outputs, t.channels, 1, 1))
        gate = self.requantized(self.add(Conv(weight, self.rng.integers(-200, 200, outputs)), source))
        return self.requantized(self.add(Mul(), x, gate))

    def blocks(self, x: str, t: TensorType) -> str:
        """Blocks of pixels of the channels there are, or of a layer that makes some; some without their ends."""
        rows = self.divisor(t.channels) if self.int(0, 1) else self.int(1, 3)
        columns = self.int(1, 2)
        outputs = rows * columns * self.int(1, 3)
        if t.channels % (rows * columns):
            weight = self.weights(self.magnitude(t, t.channels), (outputs, t.channels, 1, 1))
            x = self.requantized(self.add(Conv(weight, self.rng.integers(-200, 200, outputs)), x))
        if t.pixels * rows * columns > 200:
            return x
        return self.add(DepthToSpace((rows, columns), (self.int(0, rows - 1), self.int(0, columns - 1))), x)

    def divisor(self, number: int) -> int:
        divisors = [d for d in range(1, number + 1) if number % d == 0]
        return divisors[self.int(0, len(divisors) - 1)]

    def threshold(self, x: str, t: TensorType, count: int, lo: int, step: int = 1) -> str:
        """Thresholds for each channel or for all, rising or falling, some beyond the range."""
        values = self.rng.integers(-t.magnitude - 2, t.magnitude + 3, ((1, t.channels)[self.int(0, 1)], count))
        sign = self.rng.choice([-1, 1], (1, t.channels)[self.int(0, 1)])
        return self.add(Threshold(np.sort(values, axis=1), sign, lo, 2.0 ** self.int(-4, 2), step), x)

    def lookup(self, x: str, t: TensorType) -> str:
        """Any function, for each channel or for all."""
        bits, rows = self.int(1, 9), (1, t.channels)[self.int(0, 1)]
        results = self.rng.integers(0, 1 << bits, (rows, t.hi - t.lo + 1)) - (1 << bits >> self.int(1, bits))
        return self.add(Lookup(results, t.lo, 2.0 ** self.int(-4, 2)), x)

    def rescale(self, x: str, t: TensorType) -> str:
        """A multiplier for each channel or for all, of any sign, that mostly stays between its bounds."""
        count, bits, drawn = (1, t.channels)[self.int(0, 1)], self.int(0, 12), self.rng.integers
        multiplier = drawn(-(1 << bits), 1 << bits, count, endpoint=True)
        shift = np.maximum(0, bits + t.magnitude.bit_length() - drawn(4, 10, count))
        lo, hi = [(0, 255), (-128, 127), (-113, 142), (0, 1), (-900, 900)][self.int(0, 4)]
        offset = drawn(-100, 100, count) << shift
        return self.add(Rescale(multiplier, offset + drawn(0, 1 << shift), shift, lo, hi, 2.0 ** self.int(-4, 2)), x)

    def magnitude(self, t: TensorType, terms: int) -> int:
        """The largest weight: 2, 4 ... 128, less where sums of so many terms would be too large. 0 if none would do."""
        return min(2 ** self.int(1, 7), (EXACT_FLOAT32 - 2**12) // (terms * max(1, t.magnitude)))

    def weights(self, most: int, shape: tuple[int, ...]) -> IntArray:
        return self.rng.integers(-most, min(most, 127), shape, endpoint=True)

    def linear(self, x: str, t: TensorType) -> str:
        inputs, outputs = t.channels * t.pixels, self.int(1, 5)
        most = self.magnitude(t, inputs)
        return self.add(Linear(self.weights(most, (outputs, inputs)), self.rng.integers(-200, 200, outputs)), x)

    def binary_conv(self, x: str) -> str:
        t = self.type(x)
        kernel = self.kernel(t)
        weight = self.rng.choice([-1, 1], (self.int(1, 6), t.channels, *kernel))
        return self.add(BinaryConv(weight, (0.5,), (self.int(1, 2), self.int(1, 2)), self.pads(kernel)), x)

    def after_sums(self, x: str) -> str:
        """The two forms in which sums become activations again."""
        return self.requantized(x) if self.int(0, 1) else self.threshold(x, self.type(x), 1, -1, step=2)

    def kernel(self, t: TensorType) -> tuple[int, int]:
        return self.int(1, min(3, t.height)), self.int(1, min(3, t.width))

    def pads(self, kernel: tuple[int, int]) -> tuple[int, int, int, int]:
        """On opposite sides together less than the kernel, which is what the hardware takes; at times one more."""
        more = self.int(0, 7) == 7
        top, left = (self.int(0, k - 1) for k in kernel)
        bottom, right = (self.int(0, k - 1 - pad) for k, pad in zip(kernel, (top, left), strict=True))
        return top, left, bottom + more, right

    def layer(self, x: str, t: TensorType, kind: str) -> str:
        groups = {"conv": 1, "group_conv": self.divisor(t.channels)}.get(kind, t.channels)
        outputs = t.channels if kind in ("depthwise", "deform") else groups * self.int(1, max(1, 6 // groups))
        scale = tuple(2.0 ** self.rng.integers(-4, 1, outputs).astype(float))
        bias = self.rng.integers(-200, 200, outputs)
        most = self.magnitude(t, 9 * t.channels // groups)
        if kind == "deform":
            shift = self.int(0, 6)
            to_one = (2.0**-shift / t.scale[0],)
            s = self.add(Conv(self.rng.integers(-3, 4, (1, t.channels, 1, 1)), [self.int(-50, 50)], to_one), x)
            s = self.add(Requant([shift], -7, 7, 1.0), s)
            return self.add(Deform(self.weights(most, (t.channels, 1, 3, 3)), bias, scale), x, s)
        kernel, stride = self.kernel(t), (self.int(1, 2), self.int(1, 2))
        pads = self.pads(kernel)
        weight = self.weights(most, (outputs, t.channels // groups, *kernel))
        if kind == "group_conv":
            return self.add(GroupConv(weight, bias, scale, stride, pads, groups=groups), x)
        return self.add((Conv if kind == "conv" else Depthwise)(weight, bias, scale, stride, pads), x)

    def requantized(self, x: str, target: float | None = None) -> str:
        t = self.type(x)
        target = target or 2.0 ** (np.log2(max(t.scale)) + max(0, t.magnitude.bit_length() - self.int(3, 9)))
        lo, hi = [(0, 255), (-128, 127), (-7, 7), (0, 6), (-2000, 2000)][self.int(0, 4)]
        return self.add(Requant(np.log2(target / np.array(t.scale)).astype(int), lo, hi, target), x)
