"""Channel shuffle: all channels of the pixel."""

from __future__ import annotations

import numpy as np

from codesign.graph import TensorType
from codesign.graph.ops.shuffle import Shuffle
from codesign.schedule.reach.base import Reach


def reach(op: Shuffle, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return Reach(np.arange(outputs[0].pixels), whole=True, ahead=False)
