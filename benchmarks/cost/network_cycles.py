"""Frame interval and latency of whole networks: what the schedule says against the simulated RTL.

    python -m benchmarks.cost.network_cycles [RECIPE ...]

Untrained networks of all recipes that ship and fit a board, on smaller images where those of the recipe are larger than
96 pixels, each scheduled at several rates, which gives as many foldings: the highest that fits its board, and parts of
it. Frames are simulated back to back; their outputs must equal the integer graph's. With names, only those recipes are
run and the results of the others are kept. Writes benchmarks/results/network_cycles.json after every design; one whose
RTL is as it was when it was simulated is not simulated again.

The interval is that of the outputs, of the second frame to the third. Streamed convolutions give the pixels of a tile
in a rhythm of their own, and tiles may be several frames; there it is that of the slowest block, on the average of the
last frames, of which so many are sent that the network is full; and a frame behind holds up the end of the one before,
so that the latency is that of a frame alone. A schedule books a share of what the memory's port can
give (`Target.memory_mb_s`); the simulated memory gives all of it, for which the interval is predicted here.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import RTL, SCHEDULER, folder_digest, load, save
from codesign.api.tune import untrained_graph
from codesign.design import Design, design_of
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import execute
from codesign.graph.reals import random_integers
from codesign.recipe import load_recipe
from codesign.resources import models_dir
from codesign.schedule import Schedule, schedule
from codesign.targets import BUS_BITS, load_target

NAME = "network_cycles"
TARGETS = tuple(f"codesign/targets/{name}.yaml" for name in ("pynq-z2", "zcu104"))
SOURCES = ("benchmarks/cost/network_cycles.py", "models/*.yaml", *TARGETS, *SCHEDULER, *RTL)
FRAMES = 4
"""At least; as many more as are under way at once if weights are streamed."""

PARTS = (1.0, 0.2)
"""Each network runs at these parts of the highest rate that fits."""


@dataclass(frozen=True)
class Case:
    """A recipe, the size of its images here in pixels, and a board that it fits; `streaming`: with weights in DDR."""

    recipe: str
    image_size: int
    target: str = "zcu104"
    streaming: bool = False


CASES = (
    Case("codenet-digits", 96, "pynq-z2"),
    Case("codenet-ablation", 64, "pynq-z2"),
    Case("codenet-cells", 64, "pynq-z2"),
    Case("fashion-mobilenet", 32, "pynq-z2"),
    Case("fashion-resnext", 32, "pynq-z2"),
    Case("fashion-binary", 32, "pynq-z2"),
    Case("resnet-20", 32),
    Case("resnet-20-binary", 32),
    Case("resnet-18-binary", 32),
    Case("vgg-small", 32),
    Case("vgg-small-binary", 32),
    Case("codenet-a", 64),
    Case("codenet-b", 64),
    Case("codenet-c", 64),
    Case("mobilenet", 128, streaming=True),
    Case("codenet-d", 128, streaming=True),
    Case("codenet-e", 128, streaming=True),
)

TOO_LARGE = {"resnext-50"}
"""Recipes of networks that fit none of the boards: a ZCU104 lacks LUTs (212,661 of 184,320) and block RAM."""


def designs(case: Case, kept: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each rate. kept: rows by the digest of their RTL."""
    graph = untrained_graph(load_recipe(case.recipe, [f"data.image_size={case.image_size}"]))
    target = load_target(case.target)
    fastest = schedule(graph, target, streaming=case.streaming)
    for part in PARTS:
        plan = fastest
        if part < 1:
            plan = schedule(graph, target, fps=part * fastest.frames_per_second, streaming=case.streaming)
        design = design_of(graph, target, plan)
        with tempfile.TemporaryDirectory(prefix="codesign_cycles_") as scratch:
            folder = emit_rtl(design, Path(scratch) / "rtl").folder
            rtl = folder_digest(folder)
            measured = _measured(kept[rtl]) if rtl in kept else simulated(design, folder)
        yield {
            "recipe": case.recipe,
            "image_size": case.image_size,
            "target": case.target,
            "part": part,
            "blocks": len(graph.nodes),
            "multipliers": sum(block.multipliers for block in plan.blocks.values()),
            **compared(plan, measured),
            "rtl": rtl,
        }


def simulated(design: Design, folder: Path) -> dict[str, int]:
    """Frames that were simulated, and the interval and latency in cycles that they had; their outputs are compared."""
    graph, plan = design.graph, design.schedule
    rng = np.random.default_rng(2)
    tiled = _tiled(plan)
    count = FRAMES + (-(-plan.latency_cycles // plan.interval_cycles) if tiled else 0)
    frames = {name: random_integers(rng, kind, count) for name, kind in graph.inputs.items()}
    timed = [_of_the_slowest(design)] if tiled else list(graph.outputs)
    found = simulate(folder, graph, frames, tensors=timed)
    first = {name: images[:1] for name, images in frames.items()}
    alone = simulate(folder, graph, first, tensors=timed) if tiled else found
    expected = execute(graph, frames)
    if any((found.values[name] != expected[name]).any() for name in graph.outputs):
        raise SystemExit("the simulation differs from the graph")
    ends = np.max([found.passages[name][:, 1] for name in timed], axis=0)
    interval = round((ends[-1] - ends[-FRAMES]) / (FRAMES - 1)) if tiled else int(ends[-2] - ends[-3])
    return {"frames": count, "interval_cycles": interval, "latency_cycles": alone.latency_cycles}


def compared(plan: Schedule, measured: dict[str, int]) -> dict[str, Any]:
    """Predicted and simulated cycles, and by which part the prediction is above."""
    interval = _with_all_of_the_port(plan) if _tiled(plan) else plan.interval_cycles
    figures: dict[str, Any] = {"frames": measured["frames"]}
    for name, predicted in (("interval_cycles", interval), ("latency_cycles", plan.latency_cycles)):
        figures[name] = {"predicted": predicted, "simulated": measured[name]}
        figures[name.replace("cycles", "rel")] = round(predicted / measured[name] - 1, 5)
    return figures


def _measured(row: dict[str, Any]) -> dict[str, int]:
    """What `simulated` found of a design whose row is kept."""
    cycles = {name: row[name]["simulated"] for name in ("interval_cycles", "latency_cycles")}
    return {"frames": row["frames"], **cycles}


def _tiled(plan: Schedule) -> bool:
    """Whether weights come from memory for several pixels at a time."""
    return any(folding.tile for folding in plan.foldings.values())


def _of_the_slowest(design: Design) -> str:
    """The tensor that leaves the slowest block."""
    costs = design.schedule.blocks
    return max(design.blocks, key=lambda block: costs[block.name].interval_cycles).outputs[0]


def _with_all_of_the_port(plan: Schedule) -> int:
    """The interval if the memory gives a word in every cycle."""
    reading = sum(block.memory_bytes for block in plan.blocks.values()) * 8 / BUS_BITS
    return max(ceil(reading), *(block.interval_cycles for block in plan.blocks.values()))


def write(rows: list[dict[str, Any]], whole: bool) -> None:
    worst = {f"{name}_worst_rel": max(abs(row[f"{name}_rel"]) for row in rows) for name in ("interval", "latency")}
    text = {"recipes": len({row["recipe"] for row in rows}), **worst, "designs": rows}
    save(NAME, text, SOURCES, whole=whole)


def main(words: list[str]) -> None:
    order = [case.recipe for case in CASES]
    if missing := {path.stem for path in models_dir().glob("*.yaml")} ^ {*order, *TOO_LARGE}:
        raise SystemExit(f"not in the cases, or no recipe: {', '.join(sorted(missing))}")
    rows = load(NAME).get("designs", [])
    for case in CASES:
        if words and case.recipe not in words:
            continue
        kept = {row["rtl"]: row for row in rows}
        rows = [row for row in rows if row["recipe"] != case.recipe]
        for row in designs(case, kept):
            print(json.dumps(row), flush=True)
            rows.append(row)
            rows.sort(key=lambda row: (order.index(row["recipe"]), -row["part"]))
            write(rows, whole=False)
    if not words:
        write(rows, whole=True)


if __name__ == "__main__":
    main(sys.argv[1:])
