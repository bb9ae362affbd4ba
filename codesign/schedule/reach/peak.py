"""Heat-map peak: a 3x3 neighbourhood."""

from __future__ import annotations

from codesign.graph import TensorType
from codesign.graph.ops.peak import Peak
from codesign.schedule.reach.base import Reach, window


def reach(op: Peak, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return window(inputs[0], outputs[0], (3, 3), (1, 1), (1, 1), whole=True)
