"""The cost model against synthesis and simulation, block by block, on configurations that no formula was fitted to.

    python -m benchmarks.cost.judge [--seed N] [--small N] [--trained N] [--cycles N]

Draws blocks at random, small ones and such as trained networks have: operator, shape, widths, folding and place of
memories. LUT, FF, BRAM and DSP are those of `synth_xilinx` of Yosys, each block flattened by itself, against the
prediction and its error bar; blocks that are among the kept syntheses are not drawn. With --cycles, interval and
latency of the first N small blocks are those of the simulated block bench; without it, these figures stay those of the
last time. Writes benchmarks/results/cost_model.json and docs/cost_model.svg. What was synthesized and simulated is kept
in build/cost_model and not done again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from typing import Any

import matplotlib

from benchmarks.cost import syntheses
from benchmarks.cost.blocks import Point, Streamed, draw
from benchmarks.cost.syntheses import WORK, Synthesis
from benchmarks.record import ROOT, SCHEDULER, SYNTHESIS, load, save
from codesign.cost import error_bars
from codesign.files import write_text

matplotlib.use("svg")
import matplotlib.pyplot as plt

PLOT = ROOT / "docs" / "cost_model.svg"
SOURCES = ("benchmarks/cost/*.py", *SCHEDULER, *SYNTHESIS)
SEED = 5005

BATCH = 12
"""Blocks that are simulated together."""

plt.rcParams["svg.hashsalt"] = "codesign"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--small", type=int, default=12, help="small blocks to draw")
    parser.add_argument("--trained", type=int, default=24, help="blocks of trained networks to draw")
    parser.add_argument("--cycles", type=int, default=0, help="small blocks to simulate")
    options = parser.parse_args()
    fitted = {found.point.key for found in syntheses.load()}
    small = draw(options.small, options.seed, "small", fitted)
    trained = draw(options.trained, options.seed, "trained", fitted)
    result = summarize(syntheses.synthesize([*small, *trained]))
    before = load("cost_model")
    result["cycles"] = simulate(small[: options.cycles], options.seed) if options.cycles else before.get("cycles")
    for key, value in result.items():
        if key not in ("points", "operators"):
            print(f"{key}: {value}")
    for kind, figures in result["operators"].items():
        print(f"{kind:11} {figures}")
    save("cost_model", {"seed": options.seed, **result}, SOURCES)
    plot(result["points"])


def summarize(found: Sequence[Synthesis]) -> dict[str, Any]:
    """The figures of the sweep, and every point of it."""
    rows = [_row(synthesis) for synthesis in found]
    kinds = sorted({row["operator"] for row in rows})
    samplers = sorted({row["sampler"] for row in rows})
    return {
        **_figures(rows),
        "dsp_mismatches": sum(row["dsp"][0] != row["dsp"][1] for row in rows),
        "bram_mismatches": sum(row["bram36"][0] != row["bram36"][1] for row in rows),
        "samplers": {sampler: _figures([row for row in rows if row["sampler"] == sampler]) for sampler in samplers},
        "operators": {kind: _figures([row for row in rows if row["operator"] == kind]) for kind in kinds},
        "points": rows,
    }


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Relative errors of some rows, and the part of them that lies within its error bar."""
    figures: dict[str, float] = {"blocks": len(rows)}
    for key in ("lut", "ff"):
        relative = [row[f"{key}_rel"] for row in rows]
        figures[f"{key}_mean_rel"] = round(statistics.mean(relative), 3)
        figures[f"{key}_median_rel"] = round(statistics.median(map(abs, relative)), 4)
        figures[f"{key}_worst_rel"] = round(max(map(abs, relative)), 4)
        figures[f"{key}_within"] = round(statistics.mean(row[f"{key}_within"] for row in rows), 3)
        figures[f"{key}_bar_rel"] = round(statistics.median(row[f"{key}_bar"] / max(row[key][0], 1) for row in rows), 4)
    return figures


def _row(found: Synthesis) -> dict[str, Any]:
    """One point; pairs are predicted and found."""
    point, cost = found.point, found.point.cost
    row: dict[str, Any] = {"operator": point.operator, "sampler": point.draw.sampler, "block": point.label}
    for key in ("pe", "simd", "weights", "tile", "buffer", "slack", "products"):
        row[key] = getattr(point.folding, key)
    for key in ("lut", "ff", "bram36", "dsp"):
        row[key] = [getattr(cost, key), getattr(found.used, key)]
    bars = error_bars.of_block(point.operator, cost)
    for key in ("lut", "ff"):
        predicted, actual = row[key]
        row[f"{key}_rel"] = round(predicted / actual - 1, 4) if actual else float(predicted > 0)
        row[f"{key}_bar"] = bars.of(key)
        row[f"{key}_within"] = abs(predicted - actual) <= max(bars.of(key), 0.5)
    return row


def simulate(points: Sequence[Point], seed: int) -> dict[str, Any]:
    """How far interval and latency of the blocks in the bench are off. A batch that was simulated is not done again."""
    from codesign import bench
    from rtl_sim.tb import test_conv_tile

    def streams(point: Point) -> bench.Streams:
        if isinstance(point, Streamed):
            folding, (x,) = point.folding, point.inputs
            return test_conv_tile.streamed(point.name, point.op, x, folding, folding.tile, point.requant)
        return bench.Case(point.op, point.inputs, point.folding).streams(point.name)

    kept = WORK / "cycles.json"
    found: dict[str, dict[str, int]] = json.loads(kept.read_text()) if kept.is_file() else {}
    missing = [point for point in points if point.key not in found]
    for first in range(0, len(missing), BATCH):
        batch = missing[first : first + BATCH]
        for point, timing in zip(batch, bench.timings([streams(p) for p in batch]), strict=True):
            found[point.key] = timing
        write_text(kept, json.dumps(found))
        print(f"simulation: {first + len(batch)} of {len(missing)}", file=sys.stderr, flush=True)
    worst = max(
        abs(getattr(point.cost, key) / found[point.key][key] - 1)
        for point in points
        for key in ("interval_cycles", "latency_cycles")
        if found[point.key][key]
    )
    return {"blocks": len(points), "seed": seed, "worst_rel": worst}


def plot(rows: Sequence[dict[str, Any]]) -> None:
    """Predicted against synthesized with error bars, and what is left over, of LUTs and flip-flops."""
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), height_ratios=(3, 2), layout="constrained")
    kinds = sorted({row["operator"] for row in rows})
    for column, (key, title) in enumerate((("lut", "LUT"), ("ff", "flip-flops"))):
        for index, kind in enumerate(kinds):
            mine = [row for row in rows if row["operator"] == kind]
            actual = [max(row[key][1], 1) for row in mine]
            style = {"fmt": "o", "ms": 3, "elinewidth": 0.7, "color": plt.get_cmap("tab20")(index), "label": kind}
            bars = [row[f"{key}_bar"] for row in mine]
            axes[0, column].errorbar(actual, [max(row[key][0], 1) for row in mine], bars, **style)
            shares = [100 * bar / size for bar, size in zip(bars, actual, strict=True)]
            axes[1, column].errorbar(actual, [100 * row[f"{key}_rel"] for row in mine], shares, **style)
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
