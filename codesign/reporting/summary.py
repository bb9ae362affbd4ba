"""The report as data: what every block takes, and what the design takes of its target.

`report.json` is this, with `format` and `version`; figures carry their unit in their name.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Literal

from pydantic import Field

from codesign.cost.energy import Activity, Energy, FabricEnergy, FrameEnergy
from codesign.cost.error_bars import ErrorBars, total
from codesign.graph.op import op_class
from codesign.record import Record
from codesign.vendor.figures import VendorFigures


class SimulatedActivity(Record):
    """How energies from simulated activity differ from those of assumed rates.

    assumed_incremental: what `energy_incremental` would be by the assumed rates. changes_a_cycle: of a bit, averaged
    over blocks by their look-up tables, while they work; assumed_changes_a_cycle: what was assumed.
    """

    images: int
    assumed_incremental: Energy
    changes_a_cycle: float
    assumed_changes_a_cycle: float


class Tensor(Record):
    """A stream: (C, H, W) integers of `bits` bits. title: its name in the network's file, where that is another."""

    name: str
    title: str | None = None
    shape: tuple[int, int, int]
    bits: int
    signed: bool

    @property
    def label(self) -> str:
        return f"{'x'.join(map(str, self.shape))} {'i' if self.signed else 'u'}{self.bits}"


class Resources(Record):
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


class Reuse(Record):
    """What the channels of a binary convolution share.

    bit_operations: XNORs of one frame; kept: the fraction left of reuse along the spanning tree; tree_depth: the
    tree's levels. wired: whether it is built as an adder graph; plain_lut: what counting each output by itself would
    take at the same rate (its own LUTs if that is how it is built).
    """

    bit_operations: int
    kept: float
    tree_depth: int
    wired: bool
    plain_lut: int


class BlockReport(Record):
    """One block of the hardware, a node of the integer graph.

    interval_cycles: between the starts of two frames when nothing stalls it; latency_cycles: from its first input beat
    to its first output beat. multipliers: multiplications it can do a cycle.
    bytes_alone: what it would move through external memory by itself, its weights included. error_bars: of `resources`,
    in which 90 % of blocks lie; DSP and BRAM have none.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[Tensor, ...]
    pe: int
    simd: int
    macs: int
    parameters: int
    multipliers: int
    bytes_alone: int
    interval_cycles: int
    latency_cycles: int
    latency_us: float
    resources: Resources
    error_bars: ErrorBars = ErrorBars()
    energy: FabricEnergy | None
    reuse: Reuse | None = None
    activity: Activity | None = None

    @property
    def multiplications(self) -> int:
        """Those of `macs` that take a multiplier: products of single bits do not."""
        return 0 if self.reuse else self.macs


class Board(Record):
    """The target. `budget`: the part of its resources that a design may book; memory_mb_s: of its external memory.

    products: multiplications a cycle of all DSPs of the budget.
    """

    name: str
    board: str
    part: str
    clock_mhz: float
    resources: Resources
    budget: Resources
    memory_mb_s: float
    products: int


class Totals(Record):
    """The whole design. `streams` are the FIFOs, width adapters and forks between the blocks, part of `resources`.

    error_bars: of `resources`; what blocks of one operator have in common adds up, the rest as independent errors do.
    error_bars_streams: of `streams`.

    energy: of a frame, by what takes it; energy_streams: the part of the streams and of the frame's way from and to
    memory. energy_incremental: what working adds to a waiting board; energy_board: the whole board, where it was
    measured. memory_bytes: through external memory, a frame.
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
    error_bars: ErrorBars = ErrorBars()
    error_bars_streams: ErrorBars = ErrorBars()
    memory_bytes: int
    energy: FrameEnergy | None
    energy_streams: FabricEnergy | None
    energy_incremental: Energy | None
    energy_board: Energy | None
    energy_sources: tuple[str, ...]


class Interval(Record):
    """Cycles from frame to frame: measured, scheduled, and the most at which the schedule counts as kept."""

    measured: float
    scheduled: int
    most: float
    frames: int


class Violation(Record):
    """A rule that a port or a stream has broken: where first, and how often."""

    stream: str
    rule: str
    cycle: int
    frame: int
    times: int


class Protocol(Record):
    """What the ports of simulated hardware did."""

    violations: tuple[Violation, ...]
    frames: int
    interval: Interval | None
    latency_cycles: int | None


class Stage(Record):
    """One back end's comparison with the integer graph."""

    name: str
    exact: bool
    tensors: int
    values: int
    seconds: float
    images: int | None = None
    protocol: Protocol | None = None
    problem: str | None = None
    ties: int = 0


class Cases(Record):
    """What may go wrong in a block in so many places, and in how many of them a verification has looked."""

    what: str
    of: int
    unreachable: int
    images: int
    blocks: int
    missing: int


class Coverage(Record):
    """The least and the greatest value of a tensor: of its type, that inputs can bring about, with images, and with
    blocks driven by themselves."""

    block: str
    span: tuple[int, int]
    reachable: tuple[int, int]
    images: tuple[int, int]
    blocks: tuple[int, int]
    bits: int
    bits_images: int
    bits_blocks: int
    cases: tuple[Cases, ...]


class Verdict(Record):
    """The verification's outcome, from `verify.json`. skipped: stages of a whole verdict that have not run."""

    exact: bool
    images: int
    stages: tuple[Stage, ...]
    first_mismatch: dict[str, str | int | float | None] | None
    coverage: dict[str, Coverage] = Field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    @property
    def outcome(self) -> Literal["exact", "differs", "part"]:
        """Whether all that belongs to a verdict was found equal; `part` if what has run was, and there is more."""
        if not self.exact:
            return "differs"
        return "part" if self.skipped else "exact"


class Accuracy(Record):
    """On the recipe's validation set, from the run's result: what the task measures."""

    ap50: float | None = None
    ap: float | None = None
    accuracy: float | None = None


class FileNode(Record):
    """An operator of the network's file. reads: places, in its zone, of those whose results it reads."""

    name: str
    operator: str
    reads: tuple[int, ...]


class Zone(Record):
    """A part of the network's file. operators: how many there are of each kind; nodes: they themselves, where few."""

    operators: dict[str, int]
    nodes: tuple[FileNode, ...]

    @property
    def count(self) -> int:
        return sum(self.operators.values())


class Boundary(Record):
    """A tensor that enters or leaves the hardware: as the file has it, and `tensor` of the integer graph.

    shape: with the batch; type: float32 for real values. final: whether it is an output of the file.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    tensor: str
    final: bool


class FileZones(Record):
    """Where the operators of the network's file went; its constants do not count.

    head: before the first integers; within: the blocks that it became a part of, none where the input's integers are
    its result. hardware: what became blocks. tail: what the host computes.
    """

    format: str
    head: Zone
    within: tuple[str, ...]
    hardware: Zone
    tail: Zone
    inputs: tuple[Boundary, ...]
    outputs: tuple[Boundary, ...]


class Summary(Record):
    """A whole report. file: of a network that was exported from one."""

    format: Literal["codesign-report"] = "codesign-report"
    version: Literal[2] = 2
    network: str
    target: Board
    input: Tensor
    outputs: tuple[str, ...]
    blocks: tuple[BlockReport, ...]
    totals: Totals
    accuracy: Accuracy | None = None
    verification: Verdict | None = None
    vendor: VendorFigures | None = None
    activity: SimulatedActivity | None = None
    file: FileZones | None = None

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All streams, by name."""
        return {tensor.name: tensor for tensor in (self.input, *(t for b in self.blocks for t in b.outputs))}

    @property
    def units(self) -> tuple[Unit, ...]:
        return units(self.blocks)


class Unit(Record):
    """A convolution and the requantization that only it feeds, one block or two; any other block by itself."""

    name: str
    blocks: tuple[BlockReport, ...]

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
    def multiplications(self) -> int:
        return sum(block.multiplications for block in self.blocks)

    @property
    def multipliers(self) -> int:
        return sum(block.multipliers for block in self.blocks)

    @property
    def bytes_alone(self) -> int:
        """Accumulators inside of the unit count as what leaves it."""
        return max(block.bytes_alone for block in self.blocks)

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
    def error_bars(self) -> ErrorBars:
        return total(block.error_bars for block in self.blocks)

    @property
    def energy(self) -> FabricEnergy | None:
        parts = [block.energy for block in self.blocks if block.energy]
        return sum(parts, FabricEnergy()) if parts else None


def units(blocks: tuple[BlockReport, ...]) -> tuple[Unit, ...]:
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


def _common_name(blocks: list[BlockReport]) -> str:
    """The module that holds all blocks and what leaves them, or the first block's name if none does."""
    members = [*(block.name for block in blocks), *(tensor.name for tensor in blocks[-1].outputs)]
    parts = zip(*(name.split(".") for name in members), strict=False)
    return ".".join(same[0] for same in takewhile(lambda names: len(set(names)) == 1, parts)) or blocks[0].name
