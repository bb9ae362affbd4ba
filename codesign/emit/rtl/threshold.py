"""The instance of `threshold.sv`, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.cost.base import Folding
from codesign.cost.threshold import Search, search
from codesign.emit.rtl.base import Block, Memory, Port
from codesign.graph.ops.base import IntArray
from codesign.graph.ops.threshold import Threshold
from codesign.graph.types import TensorType


def block(
    name: str, op: Threshold, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (y,), lanes, s = outputs, folding.pe, search(op, inputs, folding)
    parameters: dict[str, int | str] = {
        "LANES": lanes,
        "BEATS": s.beats,
        "STAGES": s.stages,
        "IN_BITS": s.x.bits,
        "IN_SIGNED": int(s.x.signed),
        "T_BITS": s.bits,
        "OUT_BITS": y.bits,
        "BASE": op.lo - y.base,
        "FLIP": int(s.flips),
        "BLOCK": sum(block << stage for stage, block in enumerate(s.in_block)),
        "THRESHOLD_FILE": f"{name}.threshold",
    }
    memories = tuple(_memories(f"{name}.threshold", s))
    return Block("threshold", parameters, (Port.of(s.x, lanes),), (Port.of(y, lanes),), memories)


def _memories(stem: str, s: Search) -> Iterator[Memory]:
    """One for every lane of every stage: of a pixel's beats in turn what the comparisons before leave the choice of."""
    lanes = s.folding.pe
    words = _words(s).reshape(s.beats, lanes, -1)
    for stage, (_, width) in enumerate(s.memories):
        stride = 1 << (s.stages - stage)
        chosen = words[:, :, stride // 2 - 1 :: stride]
        if s.flips and not stage:
            falls = _spread(s.op.sign < 0, s).reshape(s.beats, lanes, 1)
            chosen = (chosen & ((1 << s.bits) - 1)) | falls << s.bits
        for lane in range(lanes):
            yield Memory(f"{stem}.{stage}.{lane:02}.mem", chosen[:, lane].reshape(-1, 1), width)


def _words(s: Search) -> IntArray:
    """(beats * lanes, 2^stages - 1) thresholds of x, or of its complement; missing ones are never reached."""
    sign = s.op.sign.astype(np.int64)[:, None]
    rows = np.clip(s.op.thresholds - (sign < 0), s.lowest, s.highest + 1)
    never = np.full((len(rows), (1 << s.stages) - 1 - s.op.steps), s.highest + 1)
    return _spread(np.concatenate([rows, never], axis=1), s)


def _spread(rows: IntArray, s: Search) -> IntArray:
    """A row for every lane of every beat: that of its channel, zeros past the last channel."""
    count = s.beats * s.folding.pe
    channels = count if len(rows) == 1 else len(rows)
    found = np.zeros((count, *rows.shape[1:]), np.int64)
    found[:channels] = rows
    return found
