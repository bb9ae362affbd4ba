"""When a block can give an output pixel: one part per operator, `element` for those that have none.

The part of operator X is `reach/x.py` with one pure function

    reach(op, inputs, outputs) -> Reach
"""

from __future__ import annotations

from codesign.graph import Op, TensorType
from codesign.graph.plugins import load, names
from codesign.schedule.reach.base import Reach, element


def reach(op: Op, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    """The reach of `op`; pixel by pixel where the operator has no part of its own."""
    if op.kind in names("codesign.schedule.reach"):
        found: Reach = load("codesign.schedule.reach", op.kind).reach(op, inputs, outputs)
        return found
    return element(outputs)


__all__ = ["Reach", "reach"]
