"""A file that is refused, rewritten until it is read, and what that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.calibration import Calibration
from codesign.frontend.qonnx import import_network
from codesign.frontend.refusal import RefusalError
from codesign.frontend.suggestion import suggestions

MOST_CHANGES = 400


@dataclass(frozen=True)
class Change:
    """One rewrite. refusal: what it mends; kind: its module; title: of all of its kind; says: what it did here."""

    refusal: str
    kind: str
    title: str
    says: str


@dataclass(frozen=True)
class Difference:
    """An output of the file before and after: over all values, of real ones, and the share of equal arg-maxes."""

    output: str
    largest: float
    mean: float
    magnitude: float
    same_argmax: float


@dataclass(frozen=True, eq=False)
class Suggested:
    """model: one that is read. changes: none if the file was read as it is."""

    model: onnx.ModelProto
    changes: tuple[Change, ...]
    differences: tuple[Difference, ...]


def suggest(model: onnx.ModelProto, calibration: Calibration) -> Suggested:
    """Rewrites a copy of `model`, refusal by refusal, until it is read, and measures the outputs' differences.

    Raises GraphError where a refusal is left for which no rewrite is known.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    changes: list[Change] = []
    while (refusal := _refusal(copy)) is not None:
        changes.append(_mended(copy, refusal, calibration, changes))
    found = tuple(_differences(model, copy, calibration)) if changes else ()
    return Suggested(copy, tuple(changes), found)


def _refusal(model: onnx.ModelProto) -> GraphError | None:
    try:
        import_network(model)
    except GraphError as refusal:
        return refusal
    return None


def _mended(model: onnx.ModelProto, refusal: GraphError, calibration: Calibration, before: list[Change]) -> Change:
    known = suggestions().get(refusal.rewrite) if isinstance(refusal, RefusalError) else None
    repeated = bool(before) and before[-1].refusal == str(refusal)
    if known is None or not isinstance(refusal, RefusalError) or repeated or len(before) == MOST_CHANGES:
        raise _left(refusal, before)
    says = known.rewrite(model, refusal.tensor, calibration)
    if says is None:
        raise _left(refusal, before)
    return Change(str(refusal), refusal.rewrite, known.title, says)


def _left(refusal: GraphError, before: list[Change]) -> GraphError:
    """What no rewrite mends, in the refusal's words."""
    done = f" after {len(before)} rewrites" if before else ""
    return GraphError(f"{refusal.what}, and no rewrite is known{done}", where=refusal.where, remedy=refusal.remedy)


def _differences(before: onnx.ModelProto, after: onnx.ModelProto, calibration: Calibration) -> list[Difference]:
    names = [value.name for value in before.graph.output]
    pairs = calibration.tensors(before, names), calibration.tensors(after, names)
    return [_difference(name, pairs[0][name], pairs[1][name]) for name in names]


def _difference(name: str, before: NDArray[Any], after: NDArray[Any]) -> Difference:
    a, b = (np.asarray(part, np.float64) for part in (before, after))
    apart = np.abs(a - b)
    rows = [part.reshape(len(part), -1).argmax(axis=1) for part in (a, b)]
    return Difference(
        name, float(apart.max()), float(apart.mean()), float(np.abs(a).max()), float((rows[0] == rows[1]).mean())
    )
