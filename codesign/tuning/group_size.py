"""The optimum group size of a network on a target: what every size costs when all have the same budget.

Every size is scheduled within the same resources, so that its cycles are those of the best hardware for it, and its
energy is that hardware's. Neither is a formula in G: what makes the curves bend is counted where it happens.

    multiplications   grow with G in the grouped layers, and nowhere else
    DSP packing       two outputs share a slice only if they share inputs: not in groups of one
    weight traffic    a word of the weight memory for every cycle in which a layer works
    activation traffic   of window rings and vector buffers: the same whatever G is, or nearly so
    ports             bits that the weight memories must give each cycle, hence block RAMs or tables
    fill, divisors    foldings fit whole groups, cycles are those of the slowest layer

`merit` is multiplications per energy and cycle: a size is better than a smaller one if multiplications, which stand
for what a network can learn, grow by more than energy and cycles together. At small sizes both are mostly those of
layers without groups, streams and waiting, so a larger size is almost free; at large ones energy and cycles both grow
with G, their product with its square. Hence there is an optimum between, unless the grouped layers never dominate (the
largest size is best) or always do (the smallest is).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from codesign.cost import energy
from codesign.cost.energy import FabricEnergy
from codesign.design import BuiltBlock, Design, design_of
from codesign.errors import ScheduleError
from codesign.graph import Graph
from codesign.hardware.folding import beats
from codesign.hardware.mvu import Mvu
from codesign.hardware.vvu import Vvu
from codesign.hardware.window import Window
from codesign.hardware.window_taps import WindowTaps
from codesign.plugins import load
from codesign.schedule import Resources, schedule
from codesign.targets import Target


@dataclass(frozen=True)
class Stack:
    """A network for every group size. build: the integer graph of a size; grouped: names of the layers it is about."""

    name: str
    build: Callable[[int], Graph]
    grouped: tuple[str, ...]


@dataclass(frozen=True)
class LayerFigures:
    """One grouped layer for one frame.

    interval_cycles, latency_cycles: of its block; busy: part of its multipliers' cycles in a frame in which they work.
    weight_bits, activation_bits: read from its weight memory; read from and written to its ring and vector buffer.
    port_bits: width of its weight memory.
    """

    name: str
    operator: str
    macs: int
    interval_cycles: int
    latency_cycles: int
    multipliers: int
    dsp: int
    busy: float
    weight_bits: int
    activation_bits: int
    port_bits: int
    energy_uj: float


@dataclass(frozen=True)
class Point:
    """A network of one group size. energy_uj: of a frame, in the fabric, from the least to the most plausible."""

    group_size: int
    macs: int
    interval_cycles: int
    latency_cycles: int
    used: Resources
    energy_uj: tuple[float, float]
    binds: str
    layers: tuple[LayerFigures, ...]

    @property
    def middle_uj(self) -> float:
        return sum(self.energy_uj) / 2


@dataclass(frozen=True)
class Curve:
    """All sizes that fit. refused: why others do not."""

    stack: str
    target: str
    points: tuple[Point, ...]
    refused: dict[int, str]

    @property
    def chosen(self) -> Point:
        """The size of greatest merit."""
        return best(self.points)

    @property
    def chosen_range(self) -> tuple[int, int]:
        """The sizes chosen if all energies are at the low, and at the high end of what is plausible."""
        low, high = (
            max(self.points, key=lambda p: merit(p.macs, p.energy_uj[end], p.interval_cycles)) for end in (0, 1)
        )
        return low.group_size, high.group_size


def merit(macs: int, energy_uj: float, interval_cycles: int) -> float:
    """Multiplications of a frame per microjoule and cycle that it takes: work by energy-delay product."""
    return macs / (energy_uj * interval_cycles)


def best(points: Iterable[Point]) -> Point:
    """The point of greatest merit, energies in the middle of their ranges."""
    return max(points, key=lambda p: merit(p.macs, p.middle_uj, p.interval_cycles))


def curve(stack: Stack, sizes: Sequence[int], target: Target, *, max_dsp: int | None = None) -> Curve:
    """Schedules every size within the target's budget, or fewer DSP slices.

    Raises ScheduleError if none fits, or if the target has no energies.
    """
    points: list[Point] = []
    refused: dict[int, str] = {}
    for size in sizes:
        graph = stack.build(size)
        try:
            design = design_of(graph, target, schedule(graph, target, max_dsp=max_dsp))
            points.append(point(stack, size, design))
        except ScheduleError as error:
            refused[size] = str(error)
    if not points:
        raise ScheduleError("no group size fits", where=f"{stack.name} on {target.name}", remedy="take a larger board")
    return Curve(stack.name, target.name, tuple(points), refused)


def point(stack: Stack, size: int, design: Design) -> Point:
    """The figures of one scheduled size; of a measured one, if the schedule holds what was measured."""
    total, plan = frame_energy(design), design.schedule
    return Point(
        group_size=size,
        macs=design.graph.macs,
        interval_cycles=plan.interval_cycles,
        latency_cycles=plan.latency_cycles,
        used=plan.used,
        energy_uj=_range(total),
        binds=plan.binds,
        layers=tuple(_layer(design, block) for block in design.blocks if block.name in stack.grouped),
    )


def frame_energy(design: Design) -> FabricEnergy:
    """Energy of a frame in the fabric, its way from and to memory and the clock included."""
    plan, target = design.schedule, design.target
    if target.energy is None:
        raise ScheduleError("no energies are known", where=target.name, remedy="take a target file with `energy`")
    blocks = (
        energy.of_block(design.built, block.node, plan.blocks[block.name], plan.interval_cycles, target.energy)
        for block in design.blocks
    )
    return sum(blocks, energy.of_streams(design.graph, plan.streams, plan.interval_cycles, target.energy))


def _range(parts: FabricEnergy) -> tuple[float, float]:
    total = parts.work + parts.clock
    return total.low_uj, total.high_uj


def _layer(design: Design, block: BuiltBlock) -> LayerFigures:
    node, coefficients = block.node, design.target.energy
    cost, interval = design.schedule.blocks[block.name], design.schedule.interval_cycles
    macs = node.op.macs(*block.input_types)
    unit, window = _hardware(block)
    pixels = block.output_types[0].pixels
    depth, port_bits = unit.weight_memory
    assert coefficients is not None
    low, high = _range(energy.of_block(design.built, node, cost, interval, coefficients))
    return LayerFigures(
        name=block.name,
        operator=node.op.kind,
        macs=macs,
        interval_cycles=cost.interval_cycles,
        latency_cycles=cost.latency_cycles,
        multipliers=cost.multipliers,
        dsp=cost.dsp,
        busy=macs / (cost.multipliers * interval),
        weight_bits=pixels * depth * port_bits,
        activation_bits=_activation_bits(unit, window, pixels),
        port_bits=port_bits,
        energy_uj=(low + high) / 2,
    )


def _hardware(block: BuiltBlock) -> tuple[Mvu | Vvu, Window | WindowTaps | None]:
    """The unit and the window of a convolution."""
    op, inputs, folding = block.node.op, block.input_types, block.folding
    built = load("codesign.hardware.ops", op.kind)
    unit: Mvu | Vvu = built.unit(op, inputs, block.output_types, folding)
    window: Window | WindowTaps | None = unit.window if isinstance(unit, Vvu) else built.window(op, inputs, folding)
    return unit, window


def _activation_bits(unit: Mvu | Vvu, window: Window | WindowTaps | None, pixels: int) -> int:
    """Written once and read as often as used, in the ring of pixels and in the buffer of vectors."""
    ring = 0 if window is None else (window.write_cycles + window.read_cycles) * window.width
    if isinstance(unit, Vvu):
        return ring
    loaded = beats(unit.x.channels, unit.folding.simd) if window is None else window.reads
    return ring + pixels * (loaded + unit.interval_cycles) * unit.input_memory[1]
