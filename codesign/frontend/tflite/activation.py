"""Activation functions that an operator of a TFLite file has within: bounds of its output."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from codesign.frontend.reader import Values
from codesign.frontend.tflite.rescaling import Code

BOUNDS: dict[int, tuple[float, float]] = {
    0: (-math.inf, math.inf),
    1: (0.0, math.inf),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}
"""Real bounds by the schema's number: NONE, RELU, RELU_N1_TO_1 and RELU6."""

FUSED = Values(lambda value: value in BOUNDS, "NONE, RELU, RELU_N1_TO_1, RELU6")


def clamped(code: Code, activation: int) -> Code:
    """What the activation function leaves of the codes: its bounds over the scale in float32, halves away from zero."""
    lo, hi = (_code(bound, code) if math.isfinite(bound) else bound for bound in BOUNDS[activation])
    return replace(code, lo=int(max(code.lo, lo)), hi=int(min(code.hi, hi)))


def _code(bound: float, code: Code) -> float:
    steps = float(np.float32(bound) / np.float32(code.scale))
    return code.zero + math.copysign(math.floor(abs(steps) + 0.5), steps)
