"""Quant (IntQuant): weights and biases become integers, activations are requantized."""

from __future__ import annotations

import numpy as np
import onnx
from qonnx.custom_op.general.intquant import int_quant, max_int, min_int

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, as_reals, attributes
from codesign.frontend.requantize import THRESHOLD_FORM, requantized
from codesign.frontend.values import Activation, Constant, Unquantized, Value, is_power_of_two
from codesign.graph import TensorType

MAX_ACTIVATION_BITS = 16
MAX_CONSTANT_BITS = 32
"""Biases have this many; how many a weight may have is up to the layer that reads it."""


def read_quant(importer: Importer, node: onnx.NodeProto) -> Value:
    """y = clamp(round(x / scale)) * scale."""
    scale, zero_point, bits = (as_reals(importer.required(node, index)) for index in (1, 2, 3))
    options = attributes(node, signed=1, narrow=0, rounding_mode="ROUND")
    if not is_power_of_two(scale):
        raise GraphError(
            f"scale {scale.flat[0]:g} is not a power of two",
            remedy=f"train with Brevitas' fixed-point quantizers; {THRESHOLD_FORM}",
        )
    if zero_point.any():
        raise GraphError(f"zero point {zero_point.flat[0]:g} is not zero", remedy="use a symmetric quantizer")
    value = importer.value(node.input[0])
    width = _bits(bits, MAX_CONSTANT_BITS if isinstance(value, Constant) else MAX_ACTIVATION_BITS)
    if isinstance(value, Constant):
        real = int_quant(value.value, scale, zero_point, bits, **options)
        return Constant(real, np.broadcast_to(scale, real.shape))
    if options["rounding_mode"].upper() not in ("ROUND", "HALF_EVEN"):
        raise GraphError(
            f"rounding mode {options['rounding_mode']} is not supported", remedy="use ROUND (half to even)"
        )
    if scale.size != 1:
        raise GraphError("an activation has one scale per channel", remedy="use a per-tensor activation quantizer")
    signed, narrow = bool(options["signed"]), bool(options["narrow"])
    lo, hi = int(min_int(signed, narrow, width)), int(max_int(signed, narrow, width))
    if isinstance(value, Unquantized):
        return _input(importer, value, float(scale.flat[0]), lo, hi, node)
    return requantized(importer.builder, importer.activation(node), float(scale.flat[0]), lo, hi, node)


def _bits(bits: np.ndarray, most: int) -> int:
    if bits.size != 1 or not bits.flat[0].is_integer():
        raise GraphError("the bit width is not one integer", remedy="use one bit width per tensor")
    width = int(bits.flat[0])
    if not 1 <= width <= most:
        raise GraphError(f"{width} bits are out of range", remedy=f"use 1 to {most}")
    return width


def _input(importer: Importer, value: Unquantized, scale: float, lo: int, hi: int, node: onnx.NodeProto) -> Activation:
    if len(value.shape) not in (2, 4) or value.shape[0] != 1:
        raise GraphError(
            f"input '{value.name}' has shape {value.shape}", remedy="export with (1, C, H, W) or (1, features)"
        )
    shape = value.shape[1:] if len(value.shape) == 4 else (value.shape[1], 1, 1)
    kind = TensorType(shape, lo, hi, (scale,))
    tensor = importer.builder.input(value.name, kind, node.output[0])
    return Activation(tensor, "map" if len(value.shape) == 4 else "flat", origin=node.output[0])


READERS = {"Quant": read_quant, "IntQuant": read_quant}
