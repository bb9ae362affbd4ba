"""Integers in the order of a network's scores, proved.

The host computes scores from integers in float32, with a factor and an offset of each class and functions behind. What
it computes is computed here for every integer that there can be, by ONNX Runtime; the integers `multiplier * q +
offset`, clamped, take the place of the scores only if all of them, of all classes together, are in the very same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.scores import AFFINE, LEAVE_OUT, RISING, Scores, refused
from codesign.graph import IntArray, TensorType
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.ops.rescale import Rescale

MOST_VALUES = 1 << 24
"""Scores that are computed for a proof, of all classes together."""
MOST_FRAMES = 1 << 17
MOST_BITS = 30
"""The most bits of the integers that are compared."""
SAMPLES = 1 << 12
"""Integers of a class by which a form is tried before it is proved."""
SURE_GAP = 2.0**-17
"""Scores that far apart have different exponentials, and quotients of them, in float32."""
SURE_SPAN = 80.0
"""Above exp(-SURE_SPAN) float32 has all of its bits."""


def ordered(scores: Scores, strict: bool, several: bool) -> Rescale | None:
    """What makes integers in the order of the scores; None where the integers themselves have it.

    strict: equal scores have equal integers, too, and others other ones, as a choice of the file's demands; else only
    no score is above another whose integer is the larger. several: more than the largest is chosen. Raises GraphError,
    with the reason, where there are no such integers.
    """
    kind = scores.graph.types[scores.tensor]
    if scores.alike and not scores.functions:
        _check_coupling(scores, kind, _gap_of_scale(kind), kind.scale[0] * (kind.hi - kind.lo), strict, several)
        return None
    if scores.alike and _rises_surely(scores, kind, strict):
        _check_coupling(scores, kind, _gap_of_slope(scores), _span(scores, kind), strict, several)
        return None
    q = (kind.lo + kind.step * np.arange(kind.levels)).astype(np.int32)
    _check_size(q, scores, kind)
    reals = _table(q, scores, kind)
    gaps = np.diff(np.unique(reals))
    _check_coupling(scores, kind, gaps.min(initial=np.inf), float(np.ptp(reals)), strict, several)
    for form in _forms(scores, kind):
        found = _clamped(*form, q, reals) if strict else form
        if _tried(found, q, reals, strict) and _proved(_keys(*found, q), reals, strict):
            return _rescale(*found, kind)
    raise _unordered(scores, strict)


Form = tuple[IntArray, IntArray, int, int]
"""Multipliers and offsets, (1,) or (C,) each, and the least and the greatest integer that leaves."""


def _frames(q: IntArray, scores: Scores, kind: TensorType) -> int:
    """Frames in which every class, or all classes together if they are alike, has all of the integers q."""
    return -(-q.size // (kind.pixels * (kind.channels if scores.alike else 1)))


def _check_size(q: IntArray, scores: Scores, kind: TensorType) -> None:
    rows = 1 if scores.alike else kind.channels
    if q.size * rows > MOST_VALUES or _frames(q, scores, kind) > MOST_FRAMES:
        raise GraphError(
            f"its scores come from {kind.levels:,} integers of {kind.channels} classes, too many to prove their order",
            where=f"tensor {scores.tensor}",
            remedy=f"put a quantizer behind the last layer, or {LEAVE_OUT}",
        )


def _table(q: IntArray, scores: Scores, kind: TensorType) -> NDArray[Any]:
    """(1 or C, R): the scores that the host makes of integers (R,)."""
    count = _frames(q, scores, kind)
    padded = np.resize(q, count * kind.pixels * (kind.channels if scores.alike else 1))
    shape = (count, kind.channels, *kind.shape[1:]) if scores.alike else (count, 1, *kind.shape[1:])
    frames = np.broadcast_to(padded.reshape(shape), (count, *kind.shape))
    reals = scores.reals(frames, scores.before_coupling)
    if scores.alike:
        return reals.reshape(1, -1)[:, : q.size]
    return reals.reshape(count, kind.channels, -1).swapaxes(0, 1).reshape(kind.channels, -1)[:, : q.size]


def _forms(scores: Scores, kind: TensorType) -> Iterator[Form]:
    """The integers themselves where all classes are alike; else factors and offsets in ever finer steps."""
    if scores.alike:
        yield np.ones(1, np.int64), np.zeros(1, np.int64), kind.lo, kind.hi
        return
    slope, offset = scores.factors()
    if not (np.isfinite(slope).all() and np.isfinite(offset).all() and (slope > 0).all()):
        return
    offset = offset - offset.min()
    for bits in range(MOST_BITS):
        step = slope.min() / 2.0**bits
        multipliers, offsets = np.rint(slope / step), np.rint(offset / step)
        most = (multipliers * max(abs(kind.lo), abs(kind.hi)) + offsets).max()
        if most >= 1 << MOST_BITS:
            return
        m, b = (_single(values.astype(np.int64)) for values in (multipliers, offsets))
        ends = np.stack([m * kind.lo + b, m * kind.hi + b])
        yield m, b, int(ends.min()), int(ends.max())


def _single(values: IntArray) -> IntArray:
    return values[:1] if (values == values[0]).all() else values


def _keys(multiplier: IntArray, offset: IntArray, lo: int, hi: int, q: IntArray) -> IntArray:
    keys: IntArray = np.clip(multiplier[:, None] * q.astype(np.int64) + offset[:, None], lo, hi)
    return keys


def _clamped(multiplier: IntArray, offset: IntArray, lo: int, hi: int, q: IntArray, reals: NDArray[Any]) -> Form:
    """The same with bounds where scores stop to rise: those of the largest score, and of the smallest, are equal."""
    keys = np.broadcast_to(_keys(multiplier, offset, lo, hi, q), reals.shape)
    highest, lowest = keys[reals == reals.max()], keys[reals == reals.min()]
    bounds = int(lowest.max(initial=lo)), int(highest.min(initial=hi))
    return (multiplier, offset, *bounds) if bounds[0] <= bounds[1] else (multiplier, offset, lo, hi)


def _tried(form: Form, q: IntArray, reals: NDArray[Any], strict: bool) -> bool:
    some = _some(q.size)
    return _proved(_keys(*form, q[some]), reals[:, some], strict)


def _some(count: int) -> IntArray:
    found: IntArray = np.linspace(0, count - 1, min(count, SAMPLES)).astype(np.int64)
    return found


def _proved(keys: IntArray, reals: NDArray[Any], strict: bool) -> bool:
    """Whether the scores rise with the keys, and are the same where the keys are."""
    flat = np.broadcast_to(keys, reals.shape).reshape(-1)
    order = np.argsort(flat, kind="stable")
    sorted_keys, values = flat[order], reals.reshape(-1)[order].astype(np.float64)
    same, rise = np.diff(sorted_keys) == 0, np.diff(values)
    grows = rise > 0 if strict else rise >= 0
    return bool(np.where(same, rise == 0, grows).all())


def _rescale(multiplier: IntArray, offset: IntArray, lo: int, hi: int, kind: TensorType) -> Rescale | None:
    plain = (multiplier == 1).all() and not offset.any() and lo <= kind.lo and hi >= kind.hi
    if plain and len(set(kind.scale)) == 1:
        return None
    return Rescale(multiplier, offset, np.zeros(1, np.int32), lo, hi, 1.0)


def _rises_surely(scores: Scores, kind: TensorType, strict: bool) -> bool:
    """Whether factors, offsets and functions of all classes alike leave the order without looking at every integer."""
    names = {node.op_type for node in scores.functions}
    if kind.levels <= SAMPLES or not names <= ({"Mul", "Div"} if strict else AFFINE | RISING):
        return False
    some = (kind.lo + kind.step * _some(kind.levels)).astype(np.int32)
    exact = kind.magnitude * (len(scores.functions) + 1) < EXACT_FLOAT32 // 2
    return (exact or not strict) and _proved(some[None], _table(some, scores, kind), strict)


def _gap_of_scale(kind: TensorType) -> float:
    return kind.scale[0] * kind.step / 2 if kind.magnitude < 1 << 22 else 0.0


def _gap_of_slope(scores: Scores) -> float:
    return float(scores.factors()[0].min()) / 2


def _span(scores: Scores, kind: TensorType) -> float:
    return float(scores.factors()[0].max()) * (kind.hi - kind.lo)


def _check_coupling(scores: Scores, kind: TensorType, gap: float, span: float, strict: bool, several: bool) -> None:
    """Raises GraphError where a softmax in float32 may make equal what was not."""
    for node in scores.coupling if strict else ():
        wanted = SURE_GAP * max(1.0, span + np.log(kind.channels)) if node.op_type == "LogSoftmax" else SURE_GAP
        if gap < wanted or (several and node.op_type == "Softmax" and span > SURE_SPAN):
            raise refused(node, "may make scores equal in float32 that are not")


def _unordered(scores: Scores, strict: bool) -> GraphError:
    node: onnx.NodeProto = scores.functions[-1] if scores.functions else scores.nodes[-1]
    if not scores.alike:
        many = [each for each in scores.functions if each.op_type in AFFINE]
        return refused((many or [node])[0], "gives each class a real-valued scale or offset of its own")
    what = "makes scores equal in float32 that are not" if strict else "changes the order of scores"
    return refused(node, what)
