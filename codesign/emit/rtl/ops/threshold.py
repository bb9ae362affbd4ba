"""The instance of `threshold.sv`, and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codesign.emit.rtl.base import Block, Memory, Port
from codesign.graph.ops.threshold import Threshold
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops.threshold import Search, search


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
    """One for every lane of every stage."""
    for stage, (_, width) in enumerate(s.memories):
        for lane, words in enumerate(s.tables(stage)):
            yield Memory(f"{stem}.{stage}.{lane:02}.mem", words[:, None], width)
