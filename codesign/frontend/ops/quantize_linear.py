"""QuantizeLinear and DequantizeLinear: networks whose integers have zero points (QDQ).

The integer graph has q - zero in place of q, which is 0 where the real value is: nothing else needs the zero point.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, shape_of
from codesign.frontend.naming import place_of
from codesign.frontend.ops.quantize import check_scale, resolved
from codesign.frontend.quantizer import Code, Quantizer, Reals
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.refusal import RefusalError
from codesign.frontend.relabelling import relabelled
from codesign.frontend.values import Activation, Coded, Constant, Padded, Unquantized, Value
from codesign.graph import TensorType

MOST_BITS = 16


def read_quantize_linear(importer: Importer, node: onnx.NodeProto) -> Coded:
    """q = clamp(round_half_even(x / scale) + zero) to the range of the zero point's type."""
    scale, zero = _parameters(importer, node, np.dtype(np.uint8))
    if scale.size != 1:
        raise RefusalError(
            "an activation has one scale per channel",
            remedy="use a per-tensor activation quantizer",
            rewrite="one_scale",
        )
    if zero.dtype.kind not in "iu" or zero.dtype.itemsize > MOST_BITS // 8:
        raise GraphError(f"quantizes to {zero.dtype}", remedy="use 8 or 16 bits")
    bounds = np.iinfo(zero.dtype)
    source = importer.value(node.input[0])
    return Coded(source, float(scale.flat[0]), int(zero.flat[0]), bounds.min, bounds.max, zero.dtype, node)


def read_dequantize_linear(importer: Importer, node: onnx.NodeProto) -> Value:
    """(q - zero) * scale: of constants, and of what QuantizeLinear gave with the same scale and zero point."""
    value = importer.value(node.input[0])
    if isinstance(value, Constant):
        scale, zero = _parameters(importer, node, value.value.dtype)
        axis = attributes(node, axis=1)["axis"]
        steps = _along(scale.astype(np.float64), axis, value.value.shape)
        return Constant((value.value.astype(np.float64) - _along(zero, axis, value.value.shape)) * steps, steps)
    if isinstance(value, Unquantized) and value.kind is not None and not value.kind.chosen:
        return _coded_input(importer, node, value)
    if not isinstance(value, Coded):
        raise GraphError("dequantizes what no QuantizeLinear gave", remedy="put a QuantizeLinear before it")
    scale, zero = _parameters(importer, node, value.dtype)
    if scale.size != 1 or int(zero.flat[0]) != value.zero:
        raise GraphError("has another zero point than the QuantizeLinear before it", remedy="use the same")
    made = decoded(importer, value, node.input[0])
    if float(scale.flat[0]) == value.scale:
        return made
    return _at_another_scale(importer, node, made, Code(float(scale.flat[0]), zero))


def _at_another_scale(importer: Importer, node: onnx.NodeProto, value: Value, code: Code) -> Activation:
    """The same integers, which the file takes for multiples of another number from here on."""
    if not isinstance(value, Activation):
        raise GraphError("has another scale than the QuantizeLinear before it", remedy="use the same")

    def make() -> Activation:
        tensor = relabelled(importer.builder, value.tensor, code.scale, place_of(node))
        importer.builder.write_as(tensor, code, None if value.elsewhere else node.input[0])
        return replace(value, tensor=tensor, origin=None)

    return importer.once(f"{node.input[0]} times {code.scale!r}", make)


def decoded(importer: Importer, value: Coded, name: str) -> Activation | Padded:
    """The real values of codes that the file calls `name`."""
    if isinstance(value.source, Padded):
        return _with_border(importer, value, name)
    return importer.once(name, lambda: _decoded(importer, value, value.source, name))


def _coded_input(importer: Importer, node: onnx.NodeProto, value: Unquantized) -> Activation:
    """The network's input, which is codes: of the type that the file gives it."""
    assert value.kind is not None
    scale, zero = _parameters(importer, node, np.dtype(np.uint8 if value.kind.lo == 0 else np.int8))
    if scale.size != 1 or value.kind.step != 1:
        raise GraphError("an activation has one scale per channel", remedy="use a per-tensor activation quantizer")
    step, offset = float(scale.flat[0]), int(zero.flat[0])
    kind = TensorType(shape_of(value), value.kind.lo - offset, value.kind.hi - offset, (step,))
    tensor = importer.builder.input(value.name, kind, value.name)
    importer.builder.write_as(tensor, Code(step, np.array(offset, zero.dtype)), value.name)
    return Activation(tensor, value.layout, origin=value.name)


def _with_border(importer: Importer, value: Coded, origin: str) -> Padded:
    """A map with a border, which is no tensor of the graph."""
    padded = value.source
    assert isinstance(padded, Padded)
    x = importer.once(origin, lambda: _decoded(importer, value, padded.x, None))
    return replace(padded, x=x, value=_quantizer(value, None).real(padded.value))


def _decoded(importer: Importer, value: Coded, source: Value, origin: str | None) -> Activation:
    made = resolved(importer, source, _quantizer(value, origin))
    assert isinstance(made, Activation)
    importer.builder.write_as(made.tensor, value.code, None if made.elsewhere else origin)
    return made


def _quantizer(value: Coded, origin: str | None) -> Quantizer:
    lo, hi = value.lo - value.zero, value.hi - value.zero
    step = np.float32(value.scale)

    def apply(real: Reals) -> NDArray[Any]:
        codes: NDArray[Any] = np.clip(np.rint(real / step), lo, hi)
        return codes * np.float64(value.scale)

    return Quantizer(value.node, value.scale, lo, hi, 1, apply, True, origin, value.code)


def _parameters(importer: Importer, node: onnx.NodeProto, dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Scale and zero point, zeros of `dtype` where the node has none."""
    scale, zero = importer.required(node, 1), importer.constant(node, 2)
    check_scale(scale)
    return scale, np.zeros(scale.shape, dtype) if zero is None else zero.value


def _along(values: NDArray[Any], axis: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """One value, or one for each place along `axis`, for a constant of `shape`."""
    if values.size == 1:
        return np.broadcast_to(values.reshape(()), shape)
    return np.broadcast_to(np.moveaxis(values.reshape(-1, *[1] * (len(shape) - 1)), 0, axis), shape)


NEW = {"axis": ANY, "block_size": only(0)}
TYPE = {"saturate": ANY, "output_dtype": only(0)}

_dequantize = partial(Reader, "DequantizeLinear", read_dequantize_linear, inputs=range(2, 4), constants=True)
_quantize = partial(Reader, "QuantizeLinear", read_quantize_linear, inputs=range(2, 4))

READERS = (
    _quantize(versions=(10,)),
    _quantize(versions=(13,), attributes={"axis": ANY}),
    _quantize(versions=(19,), attributes={"axis": ANY, "saturate": ANY}),
    _quantize(versions=(21,), attributes={**NEW, **TYPE}),
    _quantize(versions=(23, 24, 25, 28), attributes={**NEW, **TYPE, "precision": ANY}),
    _dequantize(versions=(10,)),
    _dequantize(versions=(13, 19), attributes={"axis": ANY}),
    _dequantize(versions=(21,), attributes=NEW),
    _dequantize(versions=(23, 24, 25, 28), attributes={**NEW, "output_dtype": ANY}),
)
