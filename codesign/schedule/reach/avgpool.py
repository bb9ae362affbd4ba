"""Global average pooling: every channel's sum leaves with its last pixel."""

from __future__ import annotations

import numpy as np

from codesign.graph import TensorType
from codesign.graph.ops.avgpool import AvgPool
from codesign.schedule.reach.base import Reach


def reach(op: AvgPool, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return Reach(np.array([inputs[0].pixels - 1]), whole=False, ahead=True)
