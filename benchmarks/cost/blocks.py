"""The blocks of a sweep: an operator, its inputs and a folding, with what the cost model says of it and its RTL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.cost import samples, trained, windows
from codesign.cost.block import BlockCost
from codesign.cost.ops import conv_tile as conv_tile_cost
from codesign.emit.rtl.base import Block
from codesign.emit.rtl.ops import conv_tile as conv_tile_rtl
from codesign.errors import ScheduleError
from codesign.graph import Op, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.hardware import conv_tile, mvu
from codesign.hardware.folding import Folding, divisors
from codesign.hardware.ops.conv_tile import BUFFERS, MOST_TILE
from codesign.hardware.window_taps import variants, with_taps
from codesign.plugins import load

SAMPLERS: dict[str, ModuleType] = {"small": samples, "trained": trained, "windows": windows}

MOST_LUTS = {"small": 20_000, "trained": 2_500, "windows": 4_000}
"""Larger blocks are not drawn: their synthesis takes minutes."""

SIZES = {
    "small": {(1, 4): 0.45, (5, 16): 0.4, (17, 32): 0.15},
    "trained": {(1, 4): 0.4, (5, 16): 0.4, (17, 64): 0.2},
    "windows": {(3, 12): 0.4, (13, 48): 0.4, (49, 200): 0.2},
}
"""Ranges of a block's multipliers, or of its lanes if they are more, and how often each is drawn."""

MATRICES = ("conv", "linear", "binary_conv")
"""Operators of many foldings."""

MOST_CYCLES = {"small": 60_000, "trained": 2_000_000, "windows": 2_000_000}
"""The most cycles of a frame: small blocks are simulated as well."""


@dataclass(frozen=True)
class Draw:
    """Where a block's operator comes from: a sampler's function, and the state of the generator that it drew from."""

    sampler: str
    kind: str
    seed: int
    state: tuple[int, int, int]

    @classmethod
    def now(cls, sampler: str, kind: str, seed: int, rng: np.random.Generator) -> Draw:
        state: Any = rng.bit_generator.state
        return cls(sampler, kind, seed, (state["state"]["state"], state["has_uint32"], state["uinteger"]))

    def sample(self) -> samples.Sample:
        """The operator and its inputs once more."""
        rng = np.random.default_rng(self.seed)
        state: Any = rng.bit_generator.state
        state["state"]["state"], state["has_uint32"], state["uinteger"] = self.state
        rng.bit_generator.state = state
        found: samples.Sample = getattr(SAMPLERS[self.sampler], self.kind)(rng)
        return found


@dataclass(frozen=True, eq=False)
class Point:
    """A block of a sweep."""

    name: str
    draw: Draw
    op: Op
    inputs: tuple[TensorType, ...]
    folding: Folding

    @cached_property
    def outputs(self) -> tuple[TensorType, ...]:
        return self.op.infer(*self.inputs)

    @property
    def cost(self) -> BlockCost:
        """By the coefficients that hold now."""
        found: BlockCost = load("codesign.cost.ops", self.op.kind).cost(
            self.op, self.inputs, self.outputs, self.folding
        )
        return found

    @property
    def block(self) -> Block:
        found: Block = load("codesign.emit.rtl.ops", self.op.kind).block(
            self.name, self.op, self.inputs, self.outputs, self.folding
        )
        return found

    @property
    def lanes(self) -> int:
        """The most at an input."""
        return max(
            load("codesign.hardware.ops", self.op.kind).lanes(self.op, self.inputs, self.outputs, self.folding).inputs
        )

    @property
    def operator(self) -> str:
        return self.op.kind

    @property
    def label(self) -> str:
        return f"{self.operator} {', '.join(map(str, self.inputs))} -> {', '.join(map(str, self.outputs))}"

    @property
    def key(self) -> str:
        """Blocks of one key differ in nothing but constants."""
        return f"{self.label} {self.folding}"


@dataclass(frozen=True, eq=False)
class Streamed(Point):
    """A convolution with weights from memory, and the requantization within it."""

    @property
    def requant(self) -> Requant:
        return samples.requantized(self.op)

    @property
    def cost(self) -> BlockCost:
        tile, requant = self.folding.tile, self.requant
        return conv_tile_cost.unit(self.op, self.inputs, self.outputs, self.folding, tile, requant)

    @property
    def block(self) -> Block:
        tile, requant = self.folding.tile, self.requant
        return conv_tile_rtl.unit(self.name, self.op, self.inputs, self.outputs, self.folding, tile, requant)

    @property
    def lanes(self) -> int:
        return max(conv_tile.lanes(self.op, self.inputs, self.outputs, self.folding).inputs)

    @property
    def operator(self) -> str:
        return "conv_tile"


def rebuilt(name: str, draw: Draw, folding: Mapping[str, Any]) -> Point:
    """The block of a draw, with a folding of which only what is not the default is told."""
    kind = Streamed if draw.kind == "streamed" else Point
    return kind(name, draw, *draw.sample(), Folding(**folding))


def told(folding: Folding) -> dict[str, Any]:
    """What is not the default."""
    plain = asdict(Folding())
    return {key: value for key, value in asdict(folding).items() if value != plain[key]}


def draw(
    count: int, seed: int, sampler: str = "small", unlike: Collection[str] = (), only: str | None = None
) -> list[Point]:
    """`count` blocks that differ from each other and from those of the keys `unlike`, the same ones for a seed.

    only: the one kind of operator that is drawn.
    """
    rng = np.random.default_rng(seed)
    module, sizes = SAMPLERS[sampler], SIZES[sampler]
    kinds = [only] if only else _kinds(module)
    weights = np.array([module.SHARES.get(kind, 1) for kind in kinds], float)
    drawn = set(unlike)
    points: list[Point] = []
    while len(points) < count:
        kind = str(rng.choice(kinds, p=weights / weights.sum()))
        least, most = rng.choice(list(sizes), p=list(sizes.values()))
        while True:
            point = _drawn(f"b{len(points)}", Draw.now(sampler, kind, seed, rng), (least, most), rng)
            if point is not None and _admitted(point, least, most, drawn):
                break
        drawn.add(point.key)
        points.append(point)
    return points


def _kinds(module: ModuleType) -> list[str]:
    """What a module of samplers draws."""
    return [
        name
        for name, found in vars(module).items()
        if callable(found) and getattr(found, "__annotations__", {}).get("return") == "Sample"
    ]


def _drawn(name: str, origin: Draw, size: tuple[int, int], rng: np.random.Generator) -> Point | None:
    """A block of the kind, None if there is none of the folding drawn."""
    op, inputs = getattr(SAMPLERS[origin.sampler], origin.kind)(rng)
    if origin.kind == "streamed":
        return _streamed(name, origin, op, inputs, rng)
    if origin.sampler == "trained" and origin.kind in MATRICES:
        return Point(name, origin, op, inputs, _matrix_folding(op, inputs, size, rng))
    foldings = load("codesign.hardware.ops", op.kind).foldings(op, inputs, op.infer(*inputs))
    if origin.sampler == "windows":
        foldings = tuple(folding for folding in foldings if folding.taps > 1)
    return Point(name, origin, op, inputs, foldings[int(rng.integers(len(foldings)))]) if foldings else None


def _matrix_folding(op: Op, inputs: tuple[TensorType, ...], size: tuple[int, int], rng: np.random.Generator) -> Folding:
    """One of the operator's foldings of about a size, without making all of them: large layers have 100,000."""
    built, outputs = load("codesign.hardware.ops", op.kind), op.infer(*inputs)
    least, most = (8 * end for end in size) if op.kind == "binary_conv" else size
    offered: Iterable[Folding] = mvu.foldings(outputs[0].channels, inputs[0].channels)
    if op.kind != "linear":
        offered = with_taps(offered, inputs[0], op.kernel, lambda f: built.window(op, inputs, f))
    pairs = [f for f in offered if least <= f.pe * f.inputs <= most]
    if op.kind == "binary_conv":
        pairs = [f for f in pairs if inputs[0].channels % f.simd == 0]
    whole = list(mvu.placed([pairs[int(rng.integers(len(pairs)))]], lambda f: built.unit(op, inputs, outputs, f)))
    if op.kind != "binary_conv":
        whole = list(mvu.made(whole))
    plain = whole[int(rng.integers(len(whole)))]
    if op.kind == "linear":
        return plain
    found = variants(plain, lambda f: built.window(op, inputs, f))
    return found[int(rng.integers(len(found)))]


def _streamed(
    name: str, origin: Draw, op: Conv, inputs: tuple[TensorType, ...], rng: np.random.Generator
) -> Point | None:
    foldings = conv_tile.foldings(op, inputs, op.infer(*inputs))
    plain = foldings[int(rng.integers(len(foldings)))]
    tiles = [tile for tile in divisors(inputs[0].pixels) if 4 < tile <= MOST_TILE]  # others' intervals vary
    tile, buffer = int(rng.choice(tiles)), str(rng.choice(BUFFERS))
    point = Streamed(name, origin, op, inputs, replace(plain, tile=tile, buffer=buffer))
    try:
        assert point.cost
    except ScheduleError:
        return None
    return point


def _admitted(point: Point, least: int, most: int, drawn: Collection[str]) -> bool:
    """Whether the block is new, of the size asked for, and synthesized and simulated in seconds.

    An adder graph is left out: it is counted when it is made, not estimated by a formula.
    """
    if point.folding.wired or point.key in drawn:
        return False
    cost, sampler = point.cost, point.draw.sampler
    sized = point.draw.sampler == "trained" and point.operator in MATRICES  # by their folding
    sized = sized or least <= max(cost.multipliers, point.lanes) <= most
    return sized and 0 < cost.lut <= MOST_LUTS[sampler] and cost.interval_cycles <= MOST_CYCLES[sampler]
