"""Layers with weights: their integers, and the requantization of their sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.tflite.activation import clamped
from codesign.frontend.tflite.fixed_point import Rescaling, rounded_twice
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator, Tensor
from codesign.frontend.tflite.rescaling import rescaled
from codesign.frontend.tflite.values import Codes
from codesign.graph import Op


def scales_of(weight: Tensor, axis: int) -> tuple[float, ...]:
    """The weights' scale: one, or one for each output along `axis`. Raises GraphError for other zero points than 0."""
    count = len(weight.scales)
    if any(weight.zeros):
        raise GraphError("has weights with a zero point", remedy="convert it with symmetric weights of int8")
    if count != 1 and (weight.axis != axis or count != weight.shape[axis]):
        raise GraphError(
            f"has {count} weight scales along axis {weight.axis}", remedy="quantize weights by output channel"
        )
    return weight.scales


def bias_of(importer: Importer, operator: Operator, outputs: int, place: int = 2) -> NDArray[np.int64]:
    """(outputs,) integers at the scale of the sums, input `place`; zeros where the operator has none."""
    if len(operator.inputs) <= place or operator.inputs[place] < 0:
        return np.zeros(outputs, np.int64)
    bias = importer.constant(operator, place, "INT32")
    assert bias.data is not None
    if bias.data.size != outputs:
        raise GraphError(f"has {bias.data.size} biases for {outputs} outputs", remedy=AGAIN)
    return bias.data.reshape(-1).astype(np.int64)


def requantized(
    importer: Importer,
    operator: Operator,
    x: Codes,
    ops: Sequence[Op],
    scales: tuple[float, ...],
    rounded: Callable[[Sequence[float]], Rescaling] = rounded_twice,
) -> Codes:
    """The output of a layer `ops` of `x`. scales: of its weights; rounded: how its kernel rounds products of sums."""
    result = code_of(importer.result(operator))
    sums = x.tensor
    for op in ops:
        sums = importer.add(op, [sums], operator)
    rescaling = rounded([x.code.scale * scale / result.scale for scale in scales])
    code = clamped(result, operator.option("fused_activation_function"))
    kind = importer.builder.types[sums]
    step = rescaled(kind, rescaling, code)
    return importer.computed(operator, importer.add(step, [sums], operator, final=True))
