"""Quant, BipolarQuant, Trunc and MultiThreshold: weights and biases become integers, activations are requantized."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.intquant import int_quant, max_int, min_int
from qonnx.custom_op.general.multithreshold import multithreshold
from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2

from codesign.errors import GraphError
from codesign.frontend.domains import QUANTIZER_DOMAINS
from codesign.frontend.importer import Importer, as_reals, shape_of
from codesign.frontend.quantizer import Quantizer
from codesign.frontend.reader import ANY, Reader, Values, attributes, only
from codesign.frontend.refusal import RefusalError
from codesign.frontend.requantize import requantized
from codesign.frontend.sums import summed
from codesign.frontend.values import Activation, Constant, Joined, Padded, Sum, Unquantized, Value
from codesign.graph.ops.concat import Concat
from codesign.graph.reals import to_real

MAX_ACTIVATION_BITS = 16
MAX_CONSTANT_BITS = 32
"""Biases have this many; how many a weight may have is up to the layer that reads it."""

HALF_EVEN = ("ROUND", "HALF_EVEN")
ROUNDING_MODES = (*HALF_EVEN, "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


def read_quant(importer: Importer, node: onnx.NodeProto) -> Value:
    """y = (clamp(round(x / scale + zero)) - zero) * scale, round to the nearest or in whichever way the node says."""
    scale, zero_point, bits = (importer.required(node, index) for index in (1, 2, 3))
    options = attributes(node, signed=1, narrow=0, rounding_mode="ROUND")
    check_scale(scale)
    zero = _zero(zero_point)
    value = importer.value(node.input[0])
    width = _bits(
        np.asarray(bits, np.float64), MAX_CONSTANT_BITS if isinstance(value, Constant) else MAX_ACTIVATION_BITS
    )
    signed, narrow = bool(options["signed"]), bool(options["narrow"])
    if signed and width == 1 and not zero:  # QONNX says that this is bipolar
        return _quantized(importer, node, scale, -1, 1, 2, partial(binary_quant, scale=scale))
    apply = partial(int_quant, scale=scale, zeropt=zero_point, bitwidth=bits, **options)
    lo, hi = int(min_int(signed, narrow, width)) - zero, int(max_int(signed, narrow, width)) - zero
    rounds = options["rounding_mode"].upper() in HALF_EVEN and zero % 2 == 0  # ties go to even codes
    return _quantized(importer, node, scale, lo, hi, 1, apply, rounds)


def read_bipolar_quant(importer: Importer, node: onnx.NodeProto) -> Value:
    """y = scale where x >= 0, else -scale."""
    scale = importer.required(node, 1)
    check_scale(scale)
    return _quantized(importer, node, scale, -1, 1, 2, partial(binary_quant, scale=scale))


def read_multi_threshold(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = out_bias + out_scale * (number of the channel's thresholds that x reaches)."""
    options = attributes(node, out_scale=1.0, out_bias=0.0, out_dtype="")
    x, table = importer.activation(node), importer.required(node, 1)
    if table.ndim != 2 or table.shape[0] not in (1, importer.type(x).channels):
        raise GraphError(f"thresholds of shape {table.shape} are not those of every channel, or of all")
    gain, offset = options["out_scale"], options["out_bias"]
    halves = 2 * offset / gain if gain > 0 else np.nan
    if not halves == np.rint(halves):
        raise GraphError(
            f"out_scale {gain:g} and out_bias {offset:g} do not make integers",
            remedy="use a positive out_scale, and an out_bias that is a multiple of half of it",
        )
    step = 2 if halves % 2 else 1
    lo = int(halves) // (1 if step == 2 else 2)
    apply = partial(multithreshold, thresholds=table, out_scale=gain, out_bias=offset)
    quantizer = Quantizer(node, gain / step, lo, lo + step * table.shape[1], step, apply, False, node.output[0])
    return requantized(importer.builder, x, quantizer)


def read_trunc(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = scale * floor(x / scale / 2^k), or rounded in another way; the second form says what the scale is then."""
    scale, zero_point, *widths = (importer.required(node, index) for index in range(1, len(node.input)))
    options = attributes(node, signed=1, narrow=0, rounding_mode="FLOOR")
    for part in (scale, *widths):
        check_scale(part)
    if zero_point.any():
        raise GraphError(f"zero point {zero_point.flat[0]:g} is not zero", remedy="use a symmetric quantizer")
    names = ("scale", "zeropt", "input_bit_width", *(("output_scale",) if len(widths) == 3 else ()), "output_bit_width")
    given = dict(zip(names, (scale, zero_point, *widths), strict=True))
    if len(widths) == 2:
        options = {"rounding_mode": options["rounding_mode"]}
    step = given.get("output_scale", scale)
    if step.size != 1:
        raise RefusalError(
            "an activation has one scale per channel",
            remedy="use a per-tensor activation quantizer",
            rewrite="one_scale",
        )
    apply = partial(trunc_v1 if len(widths) == 2 else trunc_v2, **given, **options)
    width = _bits(np.asarray(given["output_bit_width"], np.float64), MAX_ACTIVATION_BITS)
    quantizer = Quantizer(node, float(step.flat[0]), -(1 << width), 1 << width, 1, apply, False, node.output[0])
    return requantized(importer.builder, importer.activation(node), quantizer)


def _quantized(
    importer: Importer,
    node: onnx.NodeProto,
    scale: NDArray[Any],
    lo: int,
    hi: int,
    step: int,
    apply: Any,
    rounds: bool = False,
) -> Value:
    """The node's result: of a constant, of the graph's input, or of an activation."""
    value = importer.value(node.input[0])
    if isinstance(value, Constant):
        if value.value.dtype != np.float32:
            raise GraphError(
                f"'{node.input[0]}' holds {value.value.dtype} numbers", remedy="export the network in float32"
            )
        real = apply(value.value)
        return Constant(real, np.broadcast_to(as_reals(scale), real.shape))
    if scale.size != 1:
        raise RefusalError(
            "an activation has one scale per channel",
            remedy="use a per-tensor activation quantizer",
            rewrite="one_scale",
        )
    return resolved(importer, value, Quantizer(node, float(scale.flat[0]), lo, hi, step, apply, rounds, node.output[0]))


def resolved(importer: Importer, value: Value, quantizer: Quantizer) -> Activation | Padded:
    """`value` quantized: the graph's input, an activation, several that were put together, or one with a border."""
    if isinstance(value, Unquantized) and not (value.kind and value.kind.chosen):
        return _input(importer, value, quantizer)
    if isinstance(value, Sum):
        return summed(importer.builder, value, quantizer)
    if isinstance(value, Padded):
        return replace(value, x=_inside(importer, value, quantizer), value=quantizer.real(value.value))
    if isinstance(value, Joined):
        alone = replace(quantizer, origin=None)
        parts = [requantized(importer.builder, part, alone).tensor for part in value.parts]
        (tensor,) = importer.builder.add(Concat(), parts, quantizer.node, [quantizer.origin])
        return Activation(tensor, origin=quantizer.origin)
    x = value if isinstance(value, Activation) else importer.activation(quantizer.node)
    return requantized(importer.builder, x, quantizer)


def _inside(importer: Importer, value: Padded, quantizer: Quantizer) -> Activation:
    """The map within a border quantized, which is no tensor of the file."""
    alone = replace(quantizer, origin=None)
    if isinstance(value.x, Unquantized):
        return _input(importer, value.x, alone)
    return requantized(importer.builder, value.x, alone)


def check_scale(scale: NDArray[Any]) -> None:
    """Raises GraphError unless every scale is a positive, finite number."""
    if not scale.size or not (np.isfinite(scale) & (scale > 0)).all():
        raise GraphError("a scale is not positive", remedy="export the file again")


def _zero(zero_point: NDArray[Any]) -> int:
    """The one zero point. Raises GraphError if there are several, or if it is no integer."""
    if zero_point.size and (zero_point == zero_point.flat[0]).all() and float(zero_point.flat[0]).is_integer():
        return int(zero_point.flat[0])
    raise GraphError(
        f"zero point {zero_point.reshape(-1)[:1]} is not one integer", remedy="use one zero point a tensor"
    )


def _bits(bits: np.ndarray, most: int) -> int:
    if bits.size != 1 or not bits.flat[0].is_integer():
        raise GraphError("the bit width is not one integer", remedy="use one bit width per tensor")
    width = int(bits.flat[0])
    if not 1 <= width <= most:
        raise RefusalError(f"{width} bits are out of range", remedy=f"use 1 to {most}", rewrite="narrow_quantizer")
    return width


def _input(importer: Importer, value: Unquantized, quantizer: Quantizer) -> Activation:
    kind = quantizer.type(shape_of(value))
    levels = np.arange(kind.lo, kind.hi + 1, kind.step).reshape(-1, 1, 1, 1)
    if (quantizer.integers(to_real(levels, kind)) != levels).any():
        raise GraphError(
            "does not leave its own results as they are",
            remedy="let the input's quantizer round to the nearest, or use a power-of-two scale",
        )
    origin = quantizer.origin or value.name
    tensor = importer.builder.input(value.name, kind, origin)
    return Activation(tensor, value.layout, origin=origin)


ROUNDINGS = Values(lambda mode: str(mode).upper() in ROUNDING_MODES, " or ".join(ROUNDING_MODES))

_quantizer = partial(Reader, versions=(1,), domains=QUANTIZER_DOMAINS, constants=True)

READERS = (
    *(
        _quantizer(
            name,
            read_quant,
            attributes={"signed": only(0, 1), "narrow": only(0, 1), "rounding_mode": ROUNDINGS},
            inputs=range(4, 5),
        )
        for name in ("Quant", "IntQuant")
    ),
    _quantizer(
        "Trunc",
        read_trunc,
        attributes={"signed": only(0, 1), "narrow": only(0, 1), "rounding_mode": ROUNDINGS},
        inputs=range(5, 7),
    ),
    _quantizer("BipolarQuant", read_bipolar_quant, inputs=range(2, 3)),
    _quantizer(
        "MultiThreshold",
        read_multi_threshold,
        attributes={"out_dtype": ANY, "out_scale": ANY, "out_bias": ANY, "data_layout": only("", "NC", "NCHW")},
        inputs=range(2, 3),
    ),
)
