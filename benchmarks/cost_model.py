"""The cost model against simulation and synthesis, block by block, on configurations that no formula was fitted to.

    python benchmarks/cost_model.py [--blocks 210] [--sweep held-out | fitting] [--cycles N]

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
from dataclasses import dataclass
from pathlib import Path

import block_samples
import matplotlib
import numpy as np

from codesign.cost.base import BlockCost, Folding
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Block, literal
from codesign.graph import Op, TensorType
from codesign.graph.plugins import load
from codesign.progress import Progress, silent
from codesign.resources import rtl_dir
from codesign.synthesis import Utilization, synthesize_instances

matplotlib.use("svg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
RESULT, PLOT, WORK = (
    HERE / "cost_model.json",
    HERE.parent / "docs" / "cost_model.svg",
    HERE.parent / "build" / "cost_model",
)
SEEDS = {"held-out": 2024, "fitting": 77, "more": 78}
FITTED = 84
"""Blocks that formulas may be fitted to."""

MORE = {"requant": 16, "threshold": 8, "maxpool": 5, "avgpool": 2, "upsample": 3, "shuffle": 3}
MOST_LANES = 8
"""Blocks of these kinds, and of few lanes, that formulas may be fitted to as well: quick ones."""

MOST_MULTIPLIERS = 16
MOST_CYCLES = 60_000
"""Of a frame in the simulated bench."""

BATCH = 12
"""Blocks that are elaborated, or simulated, together."""

plt.rcParams["svg.hashsalt"] = "codesign"


@dataclass(frozen=True, eq=False)
class Point:
    """A block of the sweep."""

    name: str
    op: Op
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    folding: Folding
    cost: BlockCost

    @property
    def block(self) -> Block:
        found: Block = load("codesign.emit.rtl", self.op.kind).block(
            self.name, self.op, self.inputs, self.outputs, self.folding
        )
        return found

    @property
    def label(self) -> str:
        return f"{self.op.kind} {', '.join(map(str, self.inputs))} -> {', '.join(map(str, self.outputs))}"

    @property
    def key(self) -> str:
        """Blocks of one key differ in nothing but constants."""
        return f"{self.label} {self.folding}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=210)
    parser.add_argument("--sweep", choices=("held-out", "fitting"), default="held-out")
    parser.add_argument("--cycles", type=int, help="blocks to simulate; all unless given")
    options = parser.parse_args()
    fitted = draw(FITTED, SEEDS["fitting"])
    points = held_out = draw(options.blocks, SEEDS["held-out"], {p.key for p in fitted})
    if options.sweep == "fitting":
        points = [*fitted, *draw_more({p.key for p in (*fitted, *held_out)})]
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


def _told(what: str, done: int, total: int) -> None:
    print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)


def draw(count: int, seed: int, unlike: Collection[str] = ()) -> list[Point]:
    """`count` blocks that differ from each other and from those of the keys `unlike`, the same ones for a seed."""
    rng = np.random.default_rng(seed)
    drawn = set(unlike)
    kinds = [name for name, found in vars(block_samples).items() if _samples(name, found)]
    weights = np.array([block_samples.SHARES.get(kind, 1) for kind in kinds], float)
    points: list[Point] = []
    while len(points) < count:
        kind = str(rng.choice(kinds, p=weights / weights.sum()))
        point = _drawn(f"b{len(points)}", kind, rng)
        if _admitted(point, drawn):
            drawn.add(point.key)
            points.append(point)
    return points


def draw_more(unlike: Collection[str]) -> list[Point]:
    """More blocks to fit to, `MORE` of each kind and small ones."""
    rng = np.random.default_rng(SEEDS["more"])
    drawn = set(unlike)
    points: list[Point] = []
    for kind in (kind for kind, count in MORE.items() for _ in range(count)):
        while (point := _drawn(f"m{len(points)}", kind, rng)).folding.pe > MOST_LANES or not _admitted(point, drawn):
            pass
        drawn.add(point.key)
        points.append(point)
    return points


def _drawn(name: str, kind: str, rng: np.random.Generator) -> Point:
    op, inputs = getattr(block_samples, kind)(rng)
    outputs, model = op.infer(*inputs), load("codesign.cost", kind)
    foldings = model.foldings(op, inputs, outputs)
    folding = foldings[int(rng.integers(len(foldings)))]
    return Point(name, op, inputs, outputs, folding, model.cost(op, inputs, outputs, folding))


def _admitted(point: Point, drawn: Collection[str]) -> bool:
    """Whether the block differs from those drawn, takes something, and is small enough to be synthesized in seconds."""
    lanes = load("codesign.cost", point.op.kind).lanes(point.op, point.inputs, point.outputs, point.folding)
    wide = max(point.cost.multipliers, *lanes.inputs) > MOST_MULTIPLIERS
    small = not wide and point.cost.interval_cycles <= MOST_CYCLES
    return small and point.cost.lut > 0 and point.key not in drawn


def _samples(name: str, found: object) -> bool:
    return callable(found) and getattr(found, "__module__", "") == block_samples.__name__ and not name.startswith("_")


def synthesize(points: Sequence[Point], progress: Progress = silent) -> dict[str, Utilization]:
    """What each block takes, by its name."""
    found: dict[str, Utilization] = {}
    for first in range(0, len(points), BATCH):
        blocks = {point.name: point.block for point in points[first : first + BATCH]}
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
    sys.path.insert(0, str(HERE.parent / "rtl_sim" / "tb"))
    from bench import Case, timings

    kept = WORK / "cycles.json"
    found: dict[str, dict[str, int]] = json.loads(kept.read_text()) if kept.is_file() else {}
    missing = [point for point in points if point.key not in found]
    for first in range(0, len(missing), BATCH):
        batch = missing[first : first + BATCH]
        cases = [Case(p.op, p.inputs, p.folding).streams(p.name) for p in batch]
        for point, timing in zip(batch, timings(cases), strict=True):
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
    row = {"operator": point.op.kind, "block": point.label, "pe": point.folding.pe, "simd": point.folding.simd}
    row |= {"weights": point.folding.weights, "buffer": point.folding.buffer, "slack": point.folding.slack}
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
