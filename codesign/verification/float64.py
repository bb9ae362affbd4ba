"""Evaluates ONNX nodes in float64, with a bound of what a float32 evaluation of the same nodes may miss.

The bound is that of Higham, Accuracy and Stability of Numerical Algorithms, chapter 3: whatever the order of its sum,
an inner product of n terms misses at most n u / (1 - n u) times the sum of the products' magnitudes, u being 2^-24 for
float32. It is carried through the nodes together with the values. A result that float32 can hold is no rounding, nor is
a sum of multiples of a power of two that stays below 2^24 of them: where scales are powers of two, nothing is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.intquant import int_quant
from qonnx.custom_op.general.multithreshold import MultiThreshold, multithreshold

UNIT = 2.0**-24
"""What a rounding to float32 misses at most, as a share of its result."""

SECOND_ORDER = 1.01
"""Products of roundings, which the bounds leave out, add less than this: of sums of up to 2^17 terms."""

KERNEL_ROUNDINGS = 4
"""ONNX Runtime's integer kernels round the scales' product, the factor, the sum as float32, and the product of both."""

Array = NDArray[np.float64]


def rounded(value: Array) -> Array:
    """Units that an operation misses whose result is `value`."""
    return np.where(value.astype(np.float32) == value, 0.0, np.abs(value))


def _grid(value: Array) -> float:
    """The largest power of two that all values are multiples of; infinity if all are 0."""
    fraction, exponent = np.frexp(value[value != 0])
    if not fraction.size:
        return np.inf
    whole = np.abs(fraction * 2.0**53).astype(np.int64)
    return float(np.ldexp((whole & -whole).astype(np.float64), exponent - 53).min())


class UnboundedError(Exception):
    """No bound is known for a node."""


@dataclass(frozen=True, eq=False)
class Bounded:
    """Real values, and what an evaluation of them in float32 may miss, in units of 2^-24.

    roundings: with sums in float32; summed: with sums that are exact and rounded once, as the integer graph has them.
    """

    value: Array
    roundings: Array
    summed: Array

    @classmethod
    def exact(cls, value: Any) -> Bounded:
        array = np.asarray(value, dtype=np.float64)
        return cls(array, np.zeros_like(array), np.zeros_like(array))

    def span(self, units: Array) -> tuple[Array, Array]:
        """The least and the most that an evaluation can give which misses so many units."""
        miss = SECOND_ORDER * UNIT * units
        return self.value - miss, self.value + miss


@dataclass(frozen=True, eq=False)
class Spans:
    """A tensor in real values: in float64, before it is quantized if it is; and what may come out, (least, most).

    single: in float32; summed: if sums are exact and rounded once.
    """

    value: Array
    single: tuple[Array, Array]
    summed: tuple[Array, Array]
    quantized: bool


def evaluate(model: onnx.ModelProto, known: Mapping[str, Bounded], wanted: str) -> Spans:
    """The tensor `wanted`, computed from the tensors `known`. Raises UnboundedError at a node without a bound here."""
    evaluator = _Evaluator(model, known)
    node = evaluator.producers.get(wanted)
    if node is None or node.op_type not in QUANTIZERS:
        found = evaluator.tensor(wanted)
        return Spans(found.value, found.span(found.roundings), found.span(found.summed), False)
    x, *others = (evaluator.tensor(name) for name in node.input)
    own = _divided(node, x.value, [other.value for other in others])
    single, summed = (
        _ordered(*(QUANTIZERS[node.op_type](node, end, *(o.value for o in others)) for end in x.span(units + own)))
        for units in (x.roundings, x.summed)
    )
    return Spans(x.value, single, summed, True)


def _divided(node: onnx.NodeProto, x: Array, others: list[Array]) -> Array:
    """Units that a quantizer misses before it decides: it divides by the scale, and adds a zero point."""
    if node.op_type == "QuantizeLinear":  # an integer kernel has rounded the product of two scales, and the factor
        return KERNEL_ROUNDINGS * np.abs(x)
    if node.op_type not in ("Quant", "IntQuant"):
        return np.zeros_like(x)
    scale, zero = others[:2]
    quotient = x / scale
    return (rounded(quotient) + rounded(quotient + zero)) * np.abs(scale)


def _ordered(a: Array, b: Array) -> tuple[Array, Array]:
    return np.minimum(a, b), np.maximum(a, b)


class _Evaluator:
    def __init__(self, model: onnx.ModelProto, known: Mapping[str, Bounded]) -> None:
        self.producers = {name: node for node in model.graph.node for name in node.output}
        self.opset = {entry.domain: entry.version for entry in model.opset_import}
        self.tensors = dict(known)
        for constant in model.graph.initializer:
            self.tensors.setdefault(constant.name, Bounded.exact(numpy_helper.to_array(constant)))

    def tensor(self, name: str) -> Bounded:
        if name not in self.tensors:
            node = self.producers.get(name)
            if node is None:
                raise UnboundedError(name)
            self.tensors[name] = self._node(node)
        return self.tensors[name]

    def _node(self, node: onnx.NodeProto) -> Bounded:
        if node.op_type in QUANTIZERS:
            return self._quantized(node)
        rule = RULES.get(node.op_type)
        if rule is None or len(node.output) != 1:
            raise UnboundedError(f"{node.op_type} {node.name}")
        return rule(lambda *values: self._run(node, values), node, [self.tensor(name) for name in node.input if name])

    def _quantized(self, node: onnx.NodeProto) -> Bounded:
        """A quantizer of constants, whose decisions are as the importer's, or of what it decides whatever was missed;
        its product with the scale is rounded."""
        x, *others = (self.tensor(name) for name in node.input)
        constants = [other.value for other in others]
        value = QUANTIZERS[node.op_type](node, x.value, *constants)
        if x.roundings.any():
            ends = x.span(x.roundings + _divided(node, x.value, constants))
            if any((QUANTIZERS[node.op_type](node, end, *constants) != value).any() for end in ends):
                raise UnboundedError(f"{node.op_type} {node.name}")
        return Bounded(value, rounded(value), np.zeros_like(value))

    def _run(self, node: onnx.NodeProto, values: tuple[Array, ...]) -> Array:
        """The node's operator on float64 arrays; indices and shapes among them become integers again."""
        names = [name for name in node.input if name]
        feeds = {
            name: value.astype(np.int64) if place in INTEGERS.get(node.op_type, ()) else value
            for place, (name, value) in enumerate(zip(names, values, strict=True))
        }
        (result,) = ReferenceEvaluator(node, opsets={"": self.opset.get("", 19)}).run(None, feeds)
        return np.asarray(result, dtype=np.float64)


Run = Callable[..., Array]
Rule = Callable[[Run, onnx.NodeProto, list[Bounded]], Bounded]


def _linear(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    """Sums of products of the first two inputs, and a third added."""
    x, w, *bias = inputs
    if any(_attribute(node, key, 1.0) != 1.0 for key in ("alpha", "beta")):
        raise UnboundedError(f"Gemm {node.name}")
    terms = _terms(node, x.value, w.value)
    sizes = [np.abs(entry.value) for entry in bias]
    nothing = [np.zeros_like(size) for size in sizes]
    size = run(np.abs(x.value), np.abs(w.value), *sizes)
    roundings = run(x.roundings, np.abs(w.value), *(entry.roundings for entry in bias))
    roundings = roundings + run(np.abs(x.value), w.roundings, *nothing)
    grid = min([_grid(x.value) * _grid(w.value), *(_grid(entry.value) for entry in bias)])
    if size.max(initial=0.0) > 2.0**24 * grid:
        roundings = roundings + (terms + 2) * size
    value = run(*(entry.value for entry in inputs))
    summed = run(x.summed, np.abs(w.value), *(entry.summed for entry in bias)) + rounded(value)
    return Bounded(value, roundings, summed)


def _terms(node: onnx.NodeProto, x: Array, w: Array) -> int:
    """Products that a sum has, at the most."""
    if node.op_type in ("Conv", "ConvTranspose"):
        return int(w.size // w.shape[1 if node.op_type == "ConvTranspose" else 0])
    return int(x.shape[-1])


def _mean(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    """A mean over windows: as many terms as there are elements at the most."""
    (x,) = inputs
    terms = x.value[0, 0].size + 2
    value = run(x.value)
    return Bounded(value, run(x.roundings) + terms * run(np.abs(x.value)), run(x.summed) + 2 * np.abs(value))


def _sum(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    a, b = inputs
    value = a.value + b.value if node.op_type == "Add" else a.value - b.value
    return Bounded(value, *(u + v + rounded(value) for u, v in ((a.roundings, b.roundings), (a.summed, b.summed))))


def _dequantized(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    """(q - zero) * scale, rounded once."""
    q, scale, *zero = (entry.value for entry in inputs)
    if any(entry.roundings.any() for entry in inputs):
        raise UnboundedError(f"DequantizeLinear {node.name}")
    if scale.size > 1:
        shape = [1] * q.ndim
        shape[int(_attribute(node, "axis", 1))] = -1
        scale, zero = scale.reshape(shape), [entry.reshape(shape) for entry in zero]
    value = (q - (zero[0] if zero else 0.0)) * scale
    return Bounded(value, rounded(value), np.zeros_like(value))


def _product(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    a, b = inputs
    if node.op_type == "Div":
        if b.roundings.any():
            raise UnboundedError(f"Div {node.name}")
        value = a.value / b.value
        return Bounded(value, *(units / np.abs(b.value) + rounded(value) for units in (a.roundings, a.summed)))
    value, sizes = a.value * b.value, (np.abs(a.value), np.abs(b.value))
    units = ((a.roundings, b.roundings), (a.summed, b.summed))
    return Bounded(value, *(u * sizes[1] + v * sizes[0] + rounded(value) for u, v in units))


def _normalized(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    """(x - mean) factor + bias, or x factor + (bias - mean factor), factor = scale / sqrt(variance + epsilon)."""
    x, scale, bias, mean, variance = inputs
    shape = (-1, *[1] * (x.value.ndim - 2))
    epsilon = next((entry.f for entry in node.attribute if entry.name == "epsilon"), 1e-5)
    factor = np.abs(scale.value / np.sqrt(variance.value + epsilon)).reshape(shape)
    size = factor * (np.abs(x.value) + np.abs(mean.value).reshape(shape)) + np.abs(bias.value).reshape(shape)
    return Bounded(run(*(e.value for e in inputs)), *(factor * u + 8 * size for u in (x.roundings, x.summed)))


def _moved(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    """Values in other places: the first input's, or all inputs' of a Concat."""
    movers = len(inputs) if node.op_type == "Concat" else 1
    rest = [entry.value for entry in inputs[movers:]]
    parts = [[getattr(e, part) for e in inputs[:movers]] for part in ("value", "roundings", "summed")]
    return Bounded(*(run(*part, *rest) for part in parts))


def _picked(run: Run, node: onnx.NodeProto, inputs: list[Bounded]) -> Bounded:
    """A maximum, or a clamp: no further off than the farthest of what it picks from."""
    x, *bounds = inputs
    value = run(x.value, *(entry.value for entry in bounds))
    if node.op_type != "MaxPool":
        return Bounded(value, x.roundings, x.summed)
    return Bounded(value, run(x.roundings), run(x.summed))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("Conv", "ConvTranspose", "MatMul", "Gemm"), _linear),
    **dict.fromkeys(("AveragePool", "GlobalAveragePool"), _mean),
    **dict.fromkeys(("Add", "Sub"), _sum),
    **dict.fromkeys(("Mul", "Div"), _product),
    "BatchNormalization": _normalized,
    "DequantizeLinear": _dequantized,
    **dict.fromkeys(("Reshape", "Flatten", "Transpose", "Concat", "Slice", "Squeeze", "Unsqueeze", "Identity"), _moved),
    "DepthToSpace": _moved,
    **dict.fromkeys(("Relu", "Clip", "MaxPool"), _picked),
}
INTEGERS: Mapping[str, tuple[int, ...]] = {
    "Reshape": (1,),
    "Squeeze": (1,),
    "Unsqueeze": (1,),
    "Slice": (1, 2, 3, 4),
}


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    return next((onnx.helper.get_attribute_value(entry) for entry in node.attribute if entry.name == name), default)


def _quant(node: onnx.NodeProto, x: Array, scale: Array, zero: Array, bits: Array) -> Array:
    mode = _attribute(node, "rounding_mode", b"ROUND")
    signed, narrow = (bool(_attribute(node, key, default)) for key, default in (("signed", 1), ("narrow", 0)))
    result: Array = np.asarray(int_quant(x, scale, zero, bits, signed, narrow, mode.decode()), dtype=np.float64)
    return result


def _bipolar(node: onnx.NodeProto, x: Array, scale: Array) -> Array:
    return np.asarray(binary_quant(x, scale), dtype=np.float64)


def _thresholds(node: onnx.NodeProto, x: Array, thresholds: Array) -> Array:
    if _attribute(node, "data_layout", b"NCHW") not in (b"NCHW", b"NC"):
        raise UnboundedError(f"MultiThreshold {node.name}")
    defaults = MultiThreshold(node).get_nodeattr_types()
    scale, bias = (_attribute(node, key, defaults[key][2]) for key in ("out_scale", "out_bias"))
    return np.asarray(multithreshold(x, thresholds, scale, bias), dtype=np.float64)


def _quantize_linear(node: onnx.NodeProto, x: Array, scale: Array, zero: Array | float = 0.0) -> Array:
    """Without the bounds of its integers, which only bring neighbours together."""
    return np.asarray(np.rint(x / scale) + zero, dtype=np.float64)


QUANTIZERS: Mapping[str, Callable[..., Array]] = {
    "Quant": _quant,
    "IntQuant": _quant,
    "BipolarQuant": _bipolar,
    "MultiThreshold": _thresholds,
    "QuantizeLinear": _quantize_linear,
}
"""Quantizers, all of which are monotone."""
