"""A quantizer after integers of few bits: its result for every one of them, as the operator that costs least."""

from __future__ import annotations

import math

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.functions import Integers
from codesign.frontend.multipliers import stepped
from codesign.graph import TensorType
from codesign.graph.ops.lookup import MOST_VALUES, Lookup
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import MOST_THRESHOLDS, Threshold
from codesign.graph.types import bits_for_range

LUT_BITS = 64
"""Bits of a table that a look-up table of the FPGA holds."""


def has_table(kind: TensorType, step: int) -> bool:
    """Whether every integer of `kind` is looked at; where it, or results, are `step` apart, there are thresholds."""
    return kind.step == step == 1 and kind.hi - kind.lo < MOST_VALUES


def tabulated(results: Integers, kind: TensorType, scale: float) -> Threshold | Rescale | Lookup:
    """The operator that makes `results` (K, C), of that scale, of the K integers of `kind`."""
    rows = results.T
    if (rows == rows[:1]).all():
        rows = rows[:1]
    op = Lookup(rows, kind.lo, scale)
    steps = _steps(rows, kind, scale)
    return op if steps is None or _table_luts(op, kind) <= _search_luts(steps, kind) else steps


def _steps(rows: Integers, kind: TensorType, scale: float) -> Threshold | Rescale | None:
    """What steps where rows (C, K) do; None if one rises and falls, or there are too many steps."""
    moves = np.diff(rows, axis=1)
    falls = (moves < 0).any(axis=1)
    if ((moves > 0).any(axis=1) & falls).any():
        return None
    lo, hi = int(rows.min()), int(rows.max())
    levels, x = np.arange(lo + 1, max(hi, lo + 1) + 1), np.arange(kind.lo, kind.hi + 1)
    sign = np.where(falls, -1, 1)
    found = np.empty((len(rows), len(levels)), np.int64)
    for row, (values, direction) in enumerate(zip(rows[:, :], sign.tolist(), strict=True)):
        at = np.append(x * direction, kind.hi + 1) if direction > 0 else np.append(-x[::-1], 1 - kind.lo)
        found[row] = at[np.searchsorted(values[::direction], levels)]
    try:
        return stepped(found, sign, lo, 1, scale, kind)
    except GraphError:
        return None


def _table_luts(op: Lookup, kind: TensorType) -> float:
    """LUTs of a lane: its table of all channels."""
    width = bits_for_range(int(op.results.min()), int(op.results.max()))
    return len(op.results) * width * max(1.0, (1 << kind.bits) / LUT_BITS)


def _search_luts(op: Threshold | Rescale, kind: TensorType) -> float:
    """LUTs of a lane: a comparison for each doubling of the steps, and the table of them all."""
    if isinstance(op, Threshold):
        steps, rows = op.steps, len(op.thresholds)
    else:
        steps, rows = op.hi - op.lo, op.multiplier.size
    if steps > MOST_THRESHOLDS:
        return math.inf
    comparison = 2 * math.ceil((kind.bits + 1) / 3)
    return steps.bit_length() * comparison + rows * steps * (kind.bits + 1) / LUT_BITS
