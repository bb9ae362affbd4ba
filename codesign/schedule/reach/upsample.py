"""Nearest upsampling: the pixel that is repeated, from a ring of rows."""

from __future__ import annotations

import numpy as np

from codesign.graph import TensorType
from codesign.graph.ops.upsample import Upsample
from codesign.schedule.reach.base import Reach


def reach(op: Upsample, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    y, x = np.divmod(np.arange(outputs[0].pixels), outputs[0].width)
    return Reach(y // op.factor * inputs[0].width + x // op.factor, whole=False, ahead=True)
