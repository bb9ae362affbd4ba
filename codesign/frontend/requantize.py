"""From a symbolic activation to integers at a quantizer: where exactness is decided."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.quantizer import Code, Quantizer
from codesign.frontend.thresholds import quantized
from codesign.frontend.values import Activation, integers
from codesign.graph import Op
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.requant import Requant
from codesign.graph.reals import is_power_of_two

PLAIN: dict[str, Any] = {
    "gain": None, "offset": None, "lo": -np.inf, "hi": np.inf, "steps": (), "opaque": "", "turns": "",
}  # fmt: skip
"""Fields of an activation that is integers alone."""
QUANTIZE = "put a quantizer behind it"


def requantized(builder: Builder, value: Activation, quantizer: Quantizer) -> Activation:
    """`value` quantized: shifted where scales and factors are powers of two, else by whichever operator costs least.

    Raises GraphError where neither is exact.
    """
    if value.elsewhere:
        quantizer = replace(quantizer, origin=None)
    rounded_first = quantizer.code is not None and builder.types[value.tensor].magnitude >= EXACT_FLOAT32
    found = _shifted(builder, value, quantizer) if quantizer.rounds and not rounded_first else None
    if found is not None:
        return found
    kind = builder.types[value.tensor]
    sizes = {part.size for part in (value.gain, value.offset) if part is not None}
    if value.layout not in ("map", "flat", "turned", "flattened", "expanded") or not sizes <= {1, kind.channels}:
        raise GraphError("quantizes values that are scaled one by one", remedy="scale by channel at most")
    origin = quantizer.origin
    op = quantized(value, kind, quantizer, _factors(builder, value, quantizer))
    (tensor,) = builder.add(op, [value.tensor], quantizer.node, [origin])
    return replace(value, tensor=tensor, **PLAIN, origin=origin)


def _factors(builder: Builder, value: Activation, quantizer: Quantizer) -> NDArray[np.float32] | None:
    """By what an integer kernel multiplies its sums, or products, in float32: one factor, or one per channel.

    None where `value` comes from no node that such a kernel takes over together with the quantizer.
    """
    op, bounds = builder.operator(value.tensor), (quantizer.lo * quantizer.scale, quantizer.hi * quantizer.scale)
    if quantizer.code is None or op is None or value.scaled or value.opaque:
        return None
    if value.lo > bounds[0] or value.hi < bounds[1]:
        return None
    kind, step = builder.types[value.tensor], np.float32(quantizer.scale)
    if isinstance(op, AvgPool):
        (scale,) = kind.scale
        return np.array([np.float32(scale * op.divisor) / (step * np.float32(op.divisor))], np.float32)
    if isinstance(op, Mul):
        return _factor_of_products(builder, value, quantizer.code)
    return np.array(kind.scale, np.float32) / step if _has_bias(op) else None


def _factor_of_products(builder: Builder, value: Activation, code: Code) -> NDArray[np.float32] | None:
    """That of QLinearMul, which takes integers of one type only."""
    codes = [builder.codes.get(tensor) for tensor in builder.operands(value.tensor)]
    if any(found is None or found.zero.dtype != code.zero.dtype for found in codes):
        return None
    first, second = (np.float32(found.scale) for found in codes if found)
    return np.array([first * second / np.float32(code.scale)], np.float32)


def _shifted(builder: Builder, value: Activation, quantizer: Quantizer) -> Activation | None:
    """`value` as integers shifted and clamped; None unless that is exact.

    Rounding is monotone, so a clip before the quantizer is a narrower range after it.
    """
    try:
        plain = absorbed(builder, value)
    except GraphError:
        return None
    kind, scale = builder.types[plain.tensor], quantizer.scale
    same = set(kind.scale) == {scale} and not value.steps
    if kind.step != 1 or not (same or is_power_of_two([*kind.scale, scale])):
        return None
    bounds = [
        np.clip(np.rint(np.clip(b / scale, quantizer.lo, quantizer.hi)), quantizer.lo, quantizer.hi)
        for b in (value.lo, value.hi)
    ]
    lo, hi = (int(bound) for bound in bounds)
    shift = np.rint(np.log2(scale / np.array(kind.scale))).astype(np.int64)
    origin = quantizer.origin
    if not shift.any() and lo <= kind.lo and kind.hi <= hi:
        return replace(plain, lo=-np.inf, hi=np.inf, origin=origin, steps=())
    if np.all(shift == shift[0]):
        shift = shift[:1]
    (tensor,) = builder.add(Requant(shift, lo, hi, scale), [plain.tensor], quantizer.node, [origin])
    return replace(value, tensor=tensor, **PLAIN, origin=origin)


def absorbed(builder: Builder, value: Activation) -> Activation:
    """`value` with its gain and offset moved into the weights' scale and the bias of the layer before it.

    The sum of a map takes a gain too. Raises GraphError unless gains are positive, of sums of maps powers of two, and
    offsets multiples of the accumulator's scale.
    """
    if value.opaque:
        raise GraphError(value.opaque, remedy="put a quantizer between them")
    if not value.scaled:
        return value
    kind = builder.types[value.tensor]
    gain = np.ones(1) if value.gain is None else value.gain
    offset = np.zeros(1) if value.offset is None else value.offset
    if np.all(gain == 1) and not offset.any():
        return replace(value, gain=None, offset=None, steps=())
    op: Any = builder.operator(value.tensor)
    if isinstance(op, AvgPool) and gain.size == 1 and not offset.any():
        tensor = builder.replaced(value.tensor, _divided(op, float(gain[0])), value.origin)
        return replace(value, tensor=tensor, gain=None, offset=None, steps=())
    if op is None or not _has_bias(op) or max(gain.size, offset.size) not in (1, kind.channels):
        raise GraphError("scales or shifts values that no layer with weights computes", remedy=QUANTIZE)
    if not np.all(gain > 0):
        raise GraphError("multiplies by a factor that is not positive", remedy=QUANTIZE)
    weight_scale = np.array(op.weight_scale) * gain
    accumulator = np.broadcast_to(np.array(kind.scale) * gain, kind.channels)
    bias = op.bias + integers(np.broadcast_to(offset, kind.channels), accumulator, "the offset after a layer")
    folded = replace(op, weight_scale=tuple(weight_scale.tolist()), bias=bias)
    tensor = builder.replaced(value.tensor, folded, value.origin)
    return replace(value, tensor=tensor, gain=None, offset=None, steps=())


def _divided(op: AvgPool, gain: float) -> AvgPool:
    """Sums whose scale is `gain` times as large. Raises GraphError unless that divides by a power of two."""
    divisor = op.divisor / gain
    if not is_power_of_two(gain) or divisor < 1:
        raise GraphError("multiplies the sum of a map by a factor that is no power of two up to 1")
    return AvgPool(int(divisor))


def _has_bias(op: Op) -> bool:
    names = {field.name for field in fields(op)}  # type: ignore[arg-type]
    return {"bias", "weight_scale"} <= names
