"""Requantization by thresholds (`hls/nnet_threshold.h`)."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels, signed_precision
from codesign.graph.ops.threshold import Threshold


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Threshold, block.op)
    stages = op.steps.bit_length()
    never = max(np.iinfo(np.int32).max >> 6, block.inputs[0].type.magnitude + 1)  # beyond any accumulator
    padded = np.pad(op.thresholds, ((0, 0), (0, (1 << stages) - 1 - op.steps)), constant_values=never)
    return own(
        block,
        constants={
            **pixels(block.inputs[0]),
            "n_stage": stages,
            "n_row": len(op.thresholds),
            "n_sign": len(op.sign),
            "base": op.lo,
            "step": op.step,
        },
        arrays={
            "thresholds": (padded.reshape(-1), signed_precision(padded)),
            "sign": (op.sign, signed_precision(op.sign)),
        },
    )
