"""What the operators' parts build ONNX nodes with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from codesign.errors import GraphError
from codesign.graph import Graph, IntArray, Node, TensorType
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.reals import is_power_of_two
from codesign.graph.windows import reach


def carried(kind: TensorType) -> TensorType:
    """`kind` with the scale at which a tensor of it passes through the model: its own if that is a power of two.

    Products and sums of others would be rounded, so that the integers themselves pass, at scale 1; wide ones as int32.
    """
    return kind if is_power_of_two(kind.scale) and not wide(kind) else replace(kind, scale=(1.0,))


def wide(kind: TensorType) -> bool:
    """Whether float32 does not hold all of its integers."""
    return kind.magnitude >= EXACT_FLOAT32


INT8_SAFE_PAIR = 32767
"""Two products are summed in 16 bits, saturating, by the 8-bit instructions of x86 CPUs without VNNI."""


class OnnxBuilder:
    """A growing ONNX graph. Every tensor `t` of `graph` becomes the float tensor `t`, holding `q * carried(scale)`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def sources(self, node: Node) -> list[str]:
        """Names of the tensors that `node` reads; a graph input is read behind its own quantizer."""
        return [f"{name}/on_grid" if name in self.graph.inputs else name for name in node.inputs]

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Appends a node with one output and returns it."""
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, array: NDArray[Any]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def floats(self, name: str, values: Any) -> str:
        """A float32 constant; scales and bounds of the integer graph are exact in float32."""
        return self.constant(name, np.asarray(values, dtype=np.float32))

    def dequantized(self, name: str, q: IntArray, scale: tuple[float, ...], dtype: type[np.signedinteger[Any]]) -> str:
        """The constant `q * scale` behind a DequantizeLinear, its scale along axis 0."""
        steps = np.float32(scale[0]) if len(scale) == 1 else np.array(scale, np.float32)
        inputs = [self.constant(f"{name}/quantized", q.astype(dtype)), self.floats(f"{name}/scale", steps)]
        axis = {} if len(scale) == 1 else {"axis": 0}
        return self.add("DequantizeLinear", inputs, name, **axis)

    def weight(self, block: str, q: IntArray, scale: tuple[float, ...], x: TensorType) -> str:
        """Weights (C_out, ...), as int8 where 8-bit arithmetic is exact on every CPU, else as float32.

        ONNX Runtime turns int8 weights between 8-bit activations into 8-bit arithmetic, whose pairwise 16-bit sums
        saturate on CPUs without VNNI when weights use all of their 8 bits; float32 weights keep it in float32. Signed
        activations are shifted by 128 first.
        """
        largest, highest = int(np.abs(q).max(initial=0)), x.hi + 128 if x.lo < 0 else x.hi
        if 2 * largest * highest <= INT8_SAFE_PAIR:
            return self.dequantized(f"{block}/weight", q, scale, np.int8)
        steps = np.array(scale).reshape(-1, *[1] * (q.ndim - 1))
        return self.floats(f"{block}/weight", q * steps)

    def weight_scale(self, x: TensorType, accumulator: TensorType) -> tuple[float, ...]:
        """Scale of a layer's weights in this model, between what its input and its sums carry."""
        (step,) = carried(x).scale
        return tuple(scale / step for scale in carried(accumulator).scale)

    def bias(self, block: str, q: IntArray, accumulator: TensorType) -> str:
        """Biases (C_out,) at the accumulator's scale, as int32."""
        scale = tuple(np.broadcast_to(np.array(carried(accumulator).scale), q.size).tolist())
        return self.dequantized(f"{block}/bias", q, scale, np.int32)

    def digits(self, q: IntArray, x: TensorType) -> list[tuple[int, IntArray]]:
        """Parts of the weights q (C_out, ...), each with the shift at which they add up to q again.

        Sums of products of a part with x are exact in float32. Parts have as many bits as that allows, and q's sign.
        """
        none, sign, size = np.zeros(len(q), np.int64), np.sign(q), np.abs(q.astype(np.int64))
        for bits in range(7, 0, -1):
            shifts = range(0, int(size.max()).bit_length(), bits)
            parts = [(shift, sign * (size >> shift & (1 << bits) - 1)) for shift in shifts]
            if all(reach(part, none, x.magnitude) < EXACT_FLOAT32 for _, part in parts):
                return parts
        raise GraphError(f"sums of {q[0].size} products have no exact parts in float32", remedy="use fewer inputs")

    def total(self, parts: list[tuple[int, str]], bias: IntArray, output: str, y: TensorType) -> str:
        """output = bias + the sum of 2^shift times each of `parts`, which are integers in float32, as y is carried.

        bias: (C,), which is added along axis 1.
        """
        sums = self.constant(f"{output}/bias", bias.astype(np.int32).reshape(-1, 1, 1))
        for shift, part in parts:
            whole = self.add("Cast", [part], f"{part}/whole", to=onnx.TensorProto.INT32)
            weight = self.constant(f"{part}/weight", np.array(1 << shift, np.int32))
            sums = self.add("Add", [sums, self.add("Mul", [whole, weight], f"{part}/shifted")], f"{part}/total")
        return self.from_integers(sums, output, y)

    def from_integers(self, x: str, output: str, y: TensorType) -> str:
        """output = the int32 tensor x as y is carried."""
        if wide(y):
            return self.add("Identity", [x], output)
        real = self.add("Cast", [x], f"{output}/float", to=onnx.TensorProto.FLOAT)
        return self.add(
            "Mul", [real, self.floats(f"{output}/carried", np.array(carried(y).scale)[:, None, None])], output
        )

    def as_integers(self, x: str, kind: TensorType, name: str) -> str:
        """The tensor x of type `kind` as int32."""
        if wide(kind):
            return x
        steps = self.floats(f"{name}/steps", np.array(carried(kind).scale)[:, None, None])
        return self.add(
            "Cast", [self.add("Div", [x, steps], f"{name}/real")], f"{name}/whole", to=onnx.TensorProto.INT32
        )

    def quantize_wide(self, x: str, output: str, shift: IntArray, lo: int, hi: int, result: float) -> str:
        """output = clamp(round_half_even(x 2^-shift), lo, hi) * result of int32 x, in float64."""
        real = self.add("Cast", [x], f"{output}/double", to=onnx.TensorProto.DOUBLE)
        factor = self.constant(f"{output}/factor", np.exp2(-shift.astype(np.float64)).reshape(-1, 1, 1))
        rounded = self.add("Round", [self.add("Mul", [real, factor], f"{output}/shifted")], f"{output}/rounded")
        bounds = [self.constant(f"{output}/{key}", np.array(v, np.float64)) for key, v in (("lo", lo), ("hi", hi))]
        clipped = self.add("Clip", [rounded, *bounds], f"{output}/clipped")
        single = self.add("Cast", [clipped], f"{output}/single", to=onnx.TensorProto.FLOAT)
        return self.add("Mul", [single, self.floats(f"{output}/result_scale", result)], output)

    def quantize(self, x: str, output: str, scale: float, lo: int, hi: int, result: float) -> str:
        """output = clamp(round_half_even(x / scale), lo, hi) * result.

        As QuantizeLinear, Clip, DequantizeLinear in 8 bits; wider ranges as Div, Round, Clip, Mul in float32, since
        ONNX Runtime's Clip has no 16-bit integers.
        """
        dtype = np.uint8 if lo >= 0 else np.int8
        info = np.iinfo(dtype)
        if lo < info.min or hi > info.max:
            return self._rounded(x, output, scale, lo, hi, result)
        step, zero = self.floats(f"{output}/scale", scale), self.constant(f"{output}/zero", np.zeros((), dtype))
        q = self.add("QuantizeLinear", [x, step, zero], f"{output}/quantized")
        if (lo, hi) != (info.min, info.max):
            bounds = [self.constant(f"{output}/{key}", np.array(v, dtype)) for key, v in (("lo", lo), ("hi", hi))]
            q = self.add("Clip", [q, *bounds], f"{output}/clipped")
        back = step if result == scale else self.floats(f"{output}/result_scale", result)
        return self.add("DequantizeLinear", [q, back, zero], output)

    def staircase(
        self, x: str, output: str, thresholds: NDArray[Any], base: float, step: float, integers: bool = False
    ) -> str:
        """output = base + step * (number of `thresholds` (C, K) or (1, K), ascending in each row, that x reaches).

        A binary search in float32, or in int32 if x is that: a comparison, and from the second on a table look-up, for
        every bit of the number.
        """
        bits = thresholds.shape[1].bit_length()
        never, dtype = (np.iinfo(np.int32).max, np.int32) if integers else (np.inf, np.float32)
        table = np.full((len(thresholds), (1 << bits) - 1), never, dtype)
        table[:, : thresholds.shape[1]] = thresholds
        flat = self.constant(f"{output}/thresholds", table.reshape(-1)) if bits > 1 else ""
        first = np.arange(len(table), dtype=np.int32).reshape(-1, 1, 1) * table.shape[1]
        reached = ""
        for bit in reversed(range(bits)):
            middle, stem = (1 << bit) - 1, f"{output}/bit_{bit}"
            if reached:
                here = self.add("Add", [reached, self.constant(f"{stem}/first", first + middle)], f"{stem}/index")
                bound = self.add("Gather", [flat, here], f"{stem}/bound")
            else:
                bound = self.constant(f"{stem}/bound", table[:, middle, None, None])
            above = self.add("GreaterOrEqual", [x, bound], f"{stem}/above")
            one = self.add("Cast", [above], f"{stem}/one", to=onnx.TensorProto.INT32)
            more = self.add("Mul", [one, self.constant(f"{stem}/weight", np.array(1 << bit, np.int32))], f"{stem}/more")
            reached = self.add("Add", [reached, more], f"{stem}/reached") if reached else more
        number = self.add("Cast", [reached], f"{output}/number", to=onnx.TensorProto.FLOAT)
        scaled = self.add("Mul", [number, self.floats(f"{output}/step", step)], f"{output}/scaled")
        return self.add("Add", [scaled, self.floats(f"{output}/base", base)], output)

    def _rounded(self, x: str, output: str, scale: float, lo: int, hi: int, result: float) -> str:
        step = self.floats(f"{output}/scale", scale)
        bounds = [self.floats(f"{output}/{key}", v) for key, v in (("lo", lo), ("hi", hi))]
        rounded = self.add("Round", [self.add("Div", [x, step], f"{output}/divided")], f"{output}/rounded")
        back = step if result == scale else self.floats(f"{output}/result_scale", result)
        return self.add("Mul", [self.add("Clip", [rounded, *bounds], f"{output}/clipped"), back], output)
