"""The report as data: what every block takes, and what the design takes of its target.

`report.json` is this, with `format` and `version`; figures carry their unit in their name.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Literal

from pydantic import BaseModel, ConfigDict

from codesign.graph.ops.base import op_class


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Energy(_Record):
    """A range, because the coefficients behind it are measured figures that differ between designs."""

    low_uj: float
    high_uj: float


class Tensor(_Record):
    """A stream: (C, H, W) integers of `bits` bits."""

    name: str
    shape: tuple[int, int, int]
    bits: int
    signed: bool

    @property
    def label(self) -> str:
        return f"{'x'.join(map(str, self.shape))} {'i' if self.signed else 'u'}{self.bits}"


class Resources(_Record):
    """Fabric; bram36 counts blocks of 36 Kbit, halves included."""

    lut: int
    ff: int
    bram36: float
    dsp: int

    def __add__(self, other: Resources) -> Resources:
        return Resources(
            lut=self.lut + other.lut,
            ff=self.ff + other.ff,
            bram36=self.bram36 + other.bram36,
            dsp=self.dsp + other.dsp,
        )


NOTHING = Resources(lut=0, ff=0, bram36=0, dsp=0)


class Block(_Record):
    """One block of the hardware, a node of the integer graph.

    interval_cycles: between the starts of two frames when nothing stalls it; latency_cycles: from its first input beat
    to its first output beat.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[Tensor, ...]
    pe: int
    simd: int
    macs: int
    parameters: int
    interval_cycles: int
    latency_cycles: int
    latency_us: float
    resources: Resources
    energy_incremental: Energy | None


class Board(_Record):
    """The target. `budget` is the part of its resources that a design may book."""

    name: str
    board: str
    part: str
    clock_mhz: float
    resources: Resources
    budget: Resources


class Totals(_Record):
    """The whole design. `streams` are the FIFOs, width adapters and forks between the blocks, part of `resources`.

    energy_incremental: what working adds to a waiting board, per frame; energy_board: the whole board, per frame.
    """

    macs: int
    parameters: int
    interval_cycles: int
    latency_cycles: int
    frames_per_s: float
    latency_ms: float
    bottleneck: str
    streams: Resources
    resources: Resources
    energy_incremental: Energy | None
    energy_board: Energy | None
    energy_source: str | None


class Stage(_Record):
    """One back end's comparison with the integer graph."""

    name: str
    exact: bool
    tensors: int
    values: int
    seconds: float


class Verdict(_Record):
    """The verification's outcome, from `verify.json`."""

    exact: bool
    images: int
    stages: tuple[Stage, ...]
    first_mismatch: dict[str, str | int | float] | None


class Accuracy(_Record):
    """On the recipe's validation set, from the run's result: what the task measures."""

    ap50: float | None = None
    ap: float | None = None
    accuracy: float | None = None


class Summary(_Record):
    """A whole report."""

    format: Literal["codesign-report"] = "codesign-report"
    version: Literal[1] = 1
    network: str
    target: Board
    input: Tensor
    outputs: tuple[str, ...]
    blocks: tuple[Block, ...]
    totals: Totals
    accuracy: Accuracy | None = None
    verification: Verdict | None = None


class Unit(_Record):
    """A convolution and the requantization that only it feeds, shown as one; any other block by itself."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def operator(self) -> str:
        return self.blocks[0].operator

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.blocks[0].inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.blocks[-1].outputs

    @property
    def folding(self) -> str:
        return f"{self.blocks[0].pe}x{self.blocks[0].simd}"

    @property
    def macs(self) -> int:
        return sum(block.macs for block in self.blocks)

    @property
    def interval_cycles(self) -> int:
        return max(block.interval_cycles for block in self.blocks)

    @property
    def latency_us(self) -> float:
        return sum(block.latency_us for block in self.blocks)

    @property
    def resources(self) -> Resources:
        return sum((block.resources for block in self.blocks), NOTHING)

    @property
    def energy_incremental(self) -> Energy | None:
        return total_energy(block.energy_incremental for block in self.blocks)


def total_energy(parts: Iterable[Energy | None]) -> Energy | None:
    """The sum, or None if a part is unknown. Low and high ends add up: the coefficient is common to all parts."""
    low = high = 0.0
    for part in parts:
        if part is None:
            return None
        low, high = low + part.low_uj, high + part.high_uj
    return Energy(low_uj=low, high_uj=high)


def units(blocks: tuple[Block, ...]) -> tuple[Unit, ...]:
    """The blocks in order, requantizations joined to what they requantize."""
    readers: dict[str, int] = {}
    for block in blocks:
        for name in block.inputs:
            readers[name] = readers.get(name, 0) + 1
    found: list[Unit] = []
    place = {block.name: index for index, block in enumerate(blocks)}
    taken: set[str] = set()
    for block in blocks:
        if block.name in taken:
            continue
        joined = [block]
        (output,) = block.outputs if len(block.outputs) == 1 else (None,)
        if output and readers.get(output.name) == 1 and not op_class(block.operator).quantizes:
            follower = next(b for b in blocks[place[block.name] + 1 :] if output.name in b.inputs)
            if op_class(follower.operator).quantizes:
                joined.append(follower)
        taken.update(b.name for b in joined)
        found.append(Unit(name=_common_name(joined), blocks=tuple(joined)))
    return tuple(found)


def _common_name(blocks: list[Block]) -> str:
    """The module that holds all blocks, or the first block's name if none does."""
    parts = zip(*(block.name.split(".") for block in blocks), strict=False)
    return ".".join(same[0] for same in takewhile(lambda names: len(set(names)) == 1, parts)) or blocks[0].name
