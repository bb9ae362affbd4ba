"""Weights, biases and their scales, as the layers with weights need them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, as_reals
from codesign.frontend.refusal import RefusalError
from codesign.frontend.values import Activation, integers

MOST_WEIGHT = (1 << 8) - 1
"""What weights may be, of either sign: those of uint8 around any zero point."""
SAME_SCALE = 2.0**-20
"""A bias' scale and the accumulator's may differ by so much: the file has their product rounded to float32."""


def weights(
    importer: Importer,
    node: onnx.NodeProto,
    index: int,
    output_axis: int = 0,
    factor: float = 1.0,
    most: int = MOST_WEIGHT,
) -> tuple[NDArray[np.int64], tuple[float, ...]]:
    """Integer weights, outputs along `output_axis`, and `factor` times their scale: one, or one per output.

    Constants that are multiples of a power of two need no quantizer. Raises GraphError if they are real, beyond `most`
    of either sign, or have a scale that varies within an output.
    """
    constant = importer.constant(node, index)
    if constant is None:
        raise _refused("the weights are not quantized", "use a weight quantizer of 2 to 8 bits")
    steps = _steps(np.asarray(constant.value), output_axis, most) if constant.scale is None else constant.scale
    try:
        q = integers(constant.value, steps, "a weight")
    except GraphError as error:
        raise _refused(error.what, "quantize it by its scale") from None
    if np.abs(q).max() > most:
        raise _refused("weights have more than 8 bits", "use 2 to 8 bits")
    scales = np.moveaxis(steps, output_axis, 0).reshape(q.shape[output_axis], -1)
    if not np.all(scales == scales[:, :1]):
        raise _refused("the weights' scale varies within an output channel", "use one per output channel")
    one = scales[:1, 0] if np.all(scales[:, 0] == scales[0, 0]) else scales[:, 0]
    return q, tuple((factor * one).tolist())


def _steps(real: NDArray[Any], output_axis: int, most: int) -> NDArray[np.float64]:
    """A step for each of the weights: 1 for integers up to `most`, else an output's largest power of two that all are
    multiples of. Raises GraphError where a weight is more than `most` steps."""
    if (real == np.rint(real)).all() and np.abs(real).max(initial=0) <= most:
        return np.ones(real.shape)
    rows = np.moveaxis(real.astype(np.float64), output_axis, 0).reshape(real.shape[output_axis], -1)
    fraction, exponent = np.frexp(rows)
    whole = (np.abs(fraction) * 2.0**53).astype(np.int64)
    steps = np.ldexp((whole & -whole).astype(np.float64), exponent - 53)
    least = np.where(rows != 0, steps, np.inf).min(axis=1)
    least[np.isinf(least)] = 1.0
    if (np.abs(rows) > most * least[:, None]).any():
        raise _refused("the weights are not quantized", "use a weight quantizer of 2 to 8 bits")
    shape = [1] * real.ndim
    shape[output_axis] = -1
    return np.broadcast_to(least.reshape(shape), real.shape)


def _refused(what: str, remedy: str) -> RefusalError:
    return RefusalError(what, remedy=remedy, rewrite="quantize_weights")


def bias(
    importer: Importer, node: onnx.NodeProto, index: int, x: Activation, weight_scale: tuple[float, ...], outputs: int
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Biases as integers at the accumulator's scale, zeros where the node has none, and what they cannot express.

    The latter is all of the bias where it is no multiple of that scale, to be added as real numbers; else None.
    """
    constant = importer.constant(node, index)
    zeros = np.zeros(outputs, np.int64)
    if constant is None:
        return zeros, None
    real = np.broadcast_to(as_reals(constant.value).reshape(-1), outputs)
    accumulator = importer.type(x).scale[0] * np.broadcast_to(np.array(weight_scale), outputs)
    if constant.scale is not None and np.allclose(constant.scale.reshape(-1), accumulator, rtol=SAME_SCALE, atol=0):
        return integers(constant.value.reshape(-1), constant.scale.reshape(-1), "the bias"), None
    try:
        return integers(real, accumulator, "the bias"), None
    except GraphError:
        return zeros, real
