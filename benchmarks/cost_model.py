"""The cost model against simulation and synthesis, block by block, on configurations that no formula was fitted to.

    python benchmarks/cost_model.py [--sweep held-out | fitting] [--blocks N] [--cycles N]

Draws blocks at random: operator, shape, widths, folding and place of memories. Interval and latency are those of the
simulated block bench, of the first N blocks (all unless given); LUT, FF, BRAM and DSP are those of `synth_xilinx` of
Yosys, each block flattened by itself. The two sweeps are drawn from different seeds, and no block is in both: formulas
may be fitted to `fitting`, and are judged by `held-out`, which writes benchmarks/cost_model.json and
docs/cost_model.svg. What was synthesized and simulated is kept in build/cost_model and not done again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import block_samples
import matplotlib
import numpy as np

from codesign.cost.block import BlockCost
from codesign.cost.ops import conv_tile as conv_tile_cost
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Block, literal
from codesign.emit.rtl.ops import conv_tile as conv_tile_rtl
from codesign.errors import ScheduleError
from codesign.graph import Op, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.hardware import conv_tile
from codesign.hardware.folding import Folding, divisors
from codesign.hardware.ops.conv_tile import BUFFERS, MOST_TILE
from codesign.plugins import load
from codesign.progress import Progress, silent
from codesign.resources import rtl_dir
from codesign.synthesis import Utilization, synthesize_instances

matplotlib.use("svg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "rtl_sim" / "tb"))
import bench  # noqa: E402
import test_conv_tile  # noqa: E402

WORK = HERE.parent / "build" / "cost_model"
RESULT, PLOT = HERE / "cost_model.json", HERE.parent / "docs" / "cost_model.svg"
SEEDS = {"held-out": 4004, "fitting": 77}
BLOCKS = {"held-out": 216, "fitting": 96}

SIZES = {(1, 4): 0.45, (5, 16): 0.4, (17, 32): 0.15}
"""Ranges of a block's multipliers, or of its lanes if they are more, and how often each is drawn."""

MOST_CYCLES = 60_000
"""Of a frame in the simulated bench."""

BATCH = {"synthesis": 6, "simulation": 12}
"""Blocks that are elaborated, or simulated, together: of more than a few, Yosys takes the longer for each."""

KINDS = [
    name
    for name, found in vars(block_samples).items()
    if callable(found) and getattr(found, "__annotations__", {}).get("return") == "Sample"
]
"""What `block_samples` draws."""

plt.rcParams["svg.hashsalt"] = "codesign"


@dataclass(frozen=True, eq=False)
class Point:
    """A block of the sweep."""

    name: str
    op: Op
    inputs: tuple[TensorType, ...]
    folding: Folding

    @cached_property
    def outputs(self) -> tuple[TensorType, ...]:
        return self.op.infer(*self.inputs)

    @cached_property
    def cost(self) -> BlockCost:
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
    def streams(self) -> bench.Streams:
        """The block in the simulated bench."""
        return bench.Case(self.op, self.inputs, self.folding).streams(self.name)

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
        return block_samples.requantized(self.op)

    @cached_property
    def cost(self) -> BlockCost:
        tile, requant = self.folding.tile, self.requant
        return conv_tile_cost.unit(self.op, self.inputs, self.outputs, self.folding, tile, requant)

    @property
    def block(self) -> Block:
        tile, requant = self.folding.tile, self.requant
        return conv_tile_rtl.unit(self.name, self.op, self.inputs, self.outputs, self.folding, tile, requant)

    @property
    def streams(self) -> bench.Streams:
        (x,) = self.inputs
        return test_conv_tile.streamed(self.name, self.op, x, self.folding, self.folding.tile, self.requant)

    @property
    def lanes(self) -> int:
        return max(conv_tile.lanes(self.op, self.inputs, self.outputs, self.folding).inputs)

    @property
    def operator(self) -> str:
        return "streamed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", choices=tuple(SEEDS), default="held-out")
    parser.add_argument("--blocks", type=int, help="only the first so many of the sweep")
    parser.add_argument("--cycles", type=int, help="blocks to simulate; all unless given")
    options = parser.parse_args()
    fitted = draw(BLOCKS["fitting"], SEEDS["fitting"])
    points = fitted if options.sweep == "fitting" else held_out({point.key for point in fitted})
    points = points[: options.blocks]
    found = synthesize(points, _told)
    cycles = simulate(points[: options.cycles])
    result = summarize(points, found, cycles)
    for key, value in result.items():
        if key not in ("points", "operators"):
            print(f"{key}: {value}")
    for kind, figures in result["operators"].items():
        print(f"{kind:11} {figures}")
    if options.sweep == "held-out":
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
        plot(result["points"])
    else:
        (WORK / "fitting.json").write_text(json.dumps(result, indent=1) + "\n")


def held_out(fitted: Collection[str]) -> list[Point]:
    return draw(BLOCKS["held-out"], SEEDS["held-out"], fitted)


def _told(what: str, done: int, total: int) -> None:
    print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)


def draw(count: int, seed: int, unlike: Collection[str] = ()) -> list[Point]:
    """`count` blocks that differ from each other and from those of the keys `unlike`, the same ones for a seed."""
    rng = np.random.default_rng(seed)
    drawn = set(unlike)
    weights = np.array([block_samples.SHARES.get(kind, 1) for kind in KINDS], float)
    points: list[Point] = []
    while len(points) < count:
        kind = str(rng.choice(KINDS, p=weights / weights.sum()))
        least, most = rng.choice(list(SIZES), p=list(SIZES.values()))
        while (point := _drawn(f"b{len(points)}", kind, rng)) is None or not _admitted(point, least, most, drawn):
            pass
        drawn.add(point.key)
        points.append(point)
    return points


def _drawn(name: str, kind: str, rng: np.random.Generator) -> Point | None:
    """A block of the kind, None if there is none of the folding drawn."""
    op, inputs = getattr(block_samples, kind)(rng)
    if kind == "streamed":
        return _streamed(name, op, inputs, rng)
    outputs = op.infer(*inputs)
    foldings = load("codesign.hardware.ops", kind).foldings(op, inputs, outputs)
    return Point(name, op, inputs, foldings[int(rng.integers(len(foldings)))])


def _streamed(name: str, op: Conv, inputs: tuple[TensorType, ...], rng: np.random.Generator) -> Point | None:
    foldings = conv_tile.foldings(op, inputs, op.infer(*inputs))
    plain = foldings[int(rng.integers(len(foldings)))]
    tiles = [tile for tile in divisors(inputs[0].pixels) if 4 < tile <= MOST_TILE]  # others' intervals vary
    tile, buffer = int(rng.choice(tiles)), str(rng.choice(BUFFERS))
    point = Streamed(name, op, inputs, replace(plain, tile=tile, buffer=buffer))
    try:
        assert point.cost
    except ScheduleError:
        return None
    return point


def _admitted(point: Point, least: int, most: int, drawn: Collection[str]) -> bool:
    """Whether the block is new, of the size asked for, and synthesized and simulated in seconds.

    An adder graph is left out: it is counted when it is made, not estimated by a formula.
    """
    cost = point.cost
    sized = least <= max(cost.multipliers, point.lanes) <= most
    quick = cost.lut > 0 and cost.interval_cycles <= MOST_CYCLES
    return sized and quick and not point.folding.wired and point.key not in drawn


def synthesize(points: Sequence[Point], progress: Progress = silent) -> dict[str, Utilization]:
    """What each block takes, by its name."""
    found: dict[str, Utilization] = {}
    for first in range(0, len(points), BATCH["synthesis"]):
        blocks = {point.name: point.block for point in points[first : first + BATCH["synthesis"]]}
        folder = WORK / "rtl"
        folder.mkdir(parents=True, exist_ok=True)
        for block in blocks.values():
            for memory in block.memories:
                memory.write(folder)
        (folder / "top.sv").write_text(top(blocks))
        sources = [*library.sources({block.module for block in blocks.values()}, rtl_dir()), folder / "top.sv"]
        found |= synthesize_instances(sources, folder, "xc7", cache=WORK / "netlists", processes=1).instances
        progress("synthesis", len(found), len(points))
    return found


def top(blocks: dict[str, Block]) -> str:
    """A module of nothing but the blocks, every port of theirs one of its own."""
    ports, instances = ["input logic clk_i", "input logic rst_ni"], []
    for name, block in blocks.items():
        wires = [".clk_i", ".rst_ni"]
        for kind, streams in (("in", block.inputs), ("out", block.outputs)):
            forth, back = ("input", "output") if kind == "in" else ("output", "input")
            ends = ("_valid_i", "_ready_o", "_data_i") if kind == "in" else ("_valid_o", "_ready_i", "_data_o")
            for index, stream in enumerate(streams):
                own = [f"{name}_{kind}{index}{end}" for end in ends]
                ports += [f"{forth} logic {own[0]}", f"{back} logic {own[1]}"]
                ports.append(f"{forth} logic [{stream.width - 1}:0] {own[2]}")
                wires += [f".{kind}{index}{end}({wire})" for end, wire in zip(ends, own, strict=True)]
        values = ", ".join(f".{key}({literal(value)})" for key, value in block.parameters.items())
        instances.append(f"  {block.module} #({values}) {name} ({', '.join(wires)});")
    return f"module top ({', '.join(ports)});\n" + "\n".join(instances) + "\nendmodule\n"


def simulate(points: Sequence[Point]) -> dict[str, dict[str, int]]:
    """Interval and latency of each block in the bench, by its name. A batch that was simulated is not done again."""
    kept = WORK / "cycles.json"
    found: dict[str, dict[str, int]] = json.loads(kept.read_text()) if kept.is_file() else {}
    missing = [point for point in points if point.key not in found]
    for first in range(0, len(missing), BATCH["simulation"]):
        batch = missing[first : first + BATCH["simulation"]]
        for point, timing in zip(batch, bench.timings([p.streams for p in batch]), strict=True):
            found[point.key] = timing
        kept.write_text(json.dumps(found))
        _told("simulation", first + len(batch), len(missing))
    return {point.name: found[point.key] for point in points}


def summarize(points: Sequence[Point], found: dict[str, Utilization], cycles: dict[str, dict[str, int]]) -> dict:
    """The figures of the sweep, and every point of it."""
    rows = [_row(point, found[point.name], cycles.get(point.name)) for point in points]
    kinds = sorted({row["operator"] for row in rows})
    return {
        "blocks": len(rows),
        "cycles_blocks": len(cycles),
        "cycles_worst_rel": max(row["cycles_rel"] for row in rows if "cycles" in row) if cycles else None,
        "dsp_mismatches": sum(row["dsp"][0] != row["dsp"][1] for row in rows),
        "bram_mismatches": sum(row["bram36"][0] != row["bram36"][1] for row in rows),
        "lut_median_rel": round(statistics.median(abs(row["lut_rel"]) for row in rows), 4),
        "lut_worst_rel": round(max(abs(row["lut_rel"]) for row in rows), 4),
        "ff_median_rel": round(statistics.median(abs(row["ff_rel"]) for row in rows), 4),
        "ff_worst_rel": round(max(abs(row["ff_rel"]) for row in rows), 4),
        "operators": {kind: _of_operator([row for row in rows if row["operator"] == kind]) for kind in kinds},
        "points": rows,
    }


def _of_operator(rows: Sequence[dict]) -> dict[str, float | int]:
    figures: dict[str, float | int] = {"blocks": len(rows)}
    for key in ("lut", "ff"):
        relative = [row[f"{key}_rel"] for row in rows]
        figures[f"{key}_mean_rel"] = round(statistics.mean(relative), 3)
        figures[f"{key}_median_rel"] = round(statistics.median(map(abs, relative)), 3)
        figures[f"{key}_worst_rel"] = round(max(map(abs, relative)), 3)
    return figures


def _row(point: Point, found: Utilization, cycles: dict[str, int] | None) -> dict:
    """One point; pairs are predicted and found."""
    cost = point.cost
    row = {"operator": point.operator, "block": point.label, "pe": point.folding.pe, "simd": point.folding.simd}
    for key in ("weights", "tile", "buffer", "slack", "products"):
        row[key] = getattr(point.folding, key)
    for key in ("lut", "ff", "bram36", "dsp"):
        row[key] = [getattr(cost, key), getattr(found, key)]
    for key in ("lut", "ff"):
        row[f"{key}_rel"] = round(row[key][0] / row[key][1] - 1, 4) if row[key][1] else float(row[key][0] > 0)
    if cycles:
        pairs = [(getattr(cost, key), cycles[key]) for key in ("interval_cycles", "latency_cycles")]
        row["cycles"] = pairs
        row["cycles_rel"] = max(abs(before / after - 1) if after else float(before > 0) for before, after in pairs)
    return row


def plot(rows: Sequence[dict]) -> None:
    """Predicted against synthesized, and what is left over, of LUTs and flip-flops."""
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), height_ratios=(3, 2), layout="constrained")
    kinds = sorted({row["operator"] for row in rows})
    for column, (key, title) in enumerate((("lut", "LUT"), ("ff", "flip-flops"))):
        for index, kind in enumerate(kinds):
            mine = [row for row in rows if row["operator"] == kind]
            actual = [max(row[key][1], 1) for row in mine]
            style = {"s": 14, "color": plt.get_cmap("tab20")(index), "label": kind}
            axes[0, column].scatter(actual, [max(row[key][0], 1) for row in mine], **style)
            axes[1, column].scatter(actual, [100 * row[f"{key}_rel"] for row in mine], **style)
        span = [1, 1.3 * max(max(row[key]) for row in rows)]
        axes[0, column].plot(span, span, color="0.4", linewidth=1)
        axes[0, column].set(xscale="log", yscale="log", title=title, ylabel="predicted")
        for level in (-25, -10, 0, 10, 25):
            axes[1, column].axhline(
                level, color="0.4", linewidth=1 if not level else 0.5, linestyle="-" if not level else ":"
            )
        axes[1, column].set(xscale="log", xlabel="synthesized", ylabel="predicted too much, %", ylim=(-80, 80))
    axes[0, 1].legend(loc="lower right", ncols=2, fontsize=8, frameon=False)
    figure.savefig(PLOT, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
