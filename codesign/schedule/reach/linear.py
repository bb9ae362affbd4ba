"""Fully connected layer: the whole frame."""

from __future__ import annotations

import numpy as np

from codesign.graph import TensorType
from codesign.graph.ops.linear import Linear
from codesign.schedule.reach.base import Reach


def reach(op: Linear, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return Reach(np.array([inputs[0].pixels - 1]), whole=True, ahead=True)
