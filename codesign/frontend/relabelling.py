"""Integers that a file quantizes at one scale and takes for multiples of another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.naming import Place
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold

FREE = (Lookup, Rescale, Threshold)
"""Operators whose result has any scale."""


def called(lo: int, hi: int, scale: float) -> Rescale:
    """The same integers, from lo to hi, at another scale."""
    return Rescale(np.array([1]), np.array([0]), np.array([0]), lo, hi, scale)


def relabelled(builder: Builder, tensor: str, scale: float, place: Place) -> str:
    """The integers of `tensor` as a tensor of that scale. Raises GraphError for integers that are not 1 apart."""
    kind, op = builder.types[tensor], builder.operator(tensor)
    if isinstance(op, FREE):
        return builder.replaced(tensor, replace(op, scale=scale), None)
    if kind.step != 1:
        raise GraphError("takes integers that are not one apart at another scale", remedy="use one scale")
    return builder.add(called(kind.lo, kind.hi, scale), [tensor], place, [None])[0]
