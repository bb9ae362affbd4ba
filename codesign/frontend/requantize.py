"""From a symbolic activation to integers at a quantizer: where exactness is decided."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.values import Activation, integers, is_power_of_two
from codesign.graph import Op
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.requant import Requant

THRESHOLD_FORM = "other activations need the threshold form, which this version cannot read"


def requantized(
    builder: Builder, value: Activation, scale: float, lo: int, hi: int, node: onnx.NodeProto
) -> Activation:
    """`value` quantized to integers in [lo, hi] at `scale`, by the quantizer `node`.

    Rounding is monotone, so a clip before the quantizer is a narrower range after it. Raises GraphError where the
    result is not the accumulator shifted.
    """
    plain = absorbed(builder, value)
    kind = builder.types[plain.tensor]
    lo, hi = (int(np.clip(np.rint(np.clip(bound / scale, lo, hi)), lo, hi)) for bound in (value.lo, value.hi))
    shift = np.log2(scale / np.array(kind.scale)).astype(np.int64)
    if not shift.any() and lo <= kind.lo and kind.hi <= hi:
        return replace(plain, lo=-np.inf, hi=np.inf, origin=node.output[0])
    if np.all(shift == shift[0]):
        shift = shift[:1]
    (tensor,) = builder.add(Requant(shift, lo, hi, scale), [plain.tensor], node, [node.output[0]])
    return Activation(tensor, value.layout, value.groups, origin=node.output[0])


def absorbed(builder: Builder, value: Activation) -> Activation:
    """`value` with its gain and offset moved into the weights' scale and the bias of the layer before it.

    The sum of a map takes a gain too. Raises GraphError unless gains are powers of two and offsets multiples of the
    accumulator's scale.
    """
    if not value.scaled:
        return value
    kind = builder.types[value.tensor]
    gain = np.ones(1) if value.gain is None else value.gain
    offset = np.zeros(1) if value.offset is None else value.offset
    if np.all(gain == 1) and not offset.any():
        return replace(value, gain=None, offset=None)
    op = builder.operator(value.tensor)
    if isinstance(op, AvgPool) and gain.size == 1 and not offset.any():
        tensor = builder.replaced(value.tensor, _divided(op, float(gain[0])), value.origin)
        return replace(value, tensor=tensor, gain=None, offset=None)
    if op is None or not _has_bias(op) or max(gain.size, offset.size) not in (1, kind.channels):
        raise GraphError("scales or shifts values that no layer with weights computes", remedy=THRESHOLD_FORM)
    if not is_power_of_two(gain):
        raise GraphError("multiplies by a factor that is no power of two", remedy=THRESHOLD_FORM)
    weight_scale = np.array(op.weight_scale) * gain
    accumulator = np.broadcast_to(np.array(kind.scale) * gain, kind.channels)
    bias = op.bias + integers(np.broadcast_to(offset, kind.channels), accumulator, "the offset after a layer")
    folded = replace(op, weight_scale=tuple(weight_scale.tolist()), bias=bias)  # type: ignore[call-arg]
    return replace(value, tensor=builder.replaced(value.tensor, folded, value.origin), gain=None, offset=None)


def _divided(op: AvgPool, gain: float) -> AvgPool:
    """Sums whose scale is `gain` times as large. Raises GraphError unless that divides by a power of two."""
    divisor = op.divisor / gain
    if not is_power_of_two(gain) or divisor < 1:
        raise GraphError("multiplies the sum of a map by a factor that is no power of two up to 1")
    return AvgPool(int(divisor))


def _has_bias(op: Op) -> bool:
    names = {field.name for field in fields(op)}  # type: ignore[arg-type]
    return {"bias", "weight_scale"} <= names
