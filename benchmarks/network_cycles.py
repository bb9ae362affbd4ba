"""Frame interval and latency of whole networks: what the schedule says against the simulated RTL.

    python benchmarks/network_cycles.py [RECIPE ...]

Untrained networks of the recipes that ship, on small images where those of the recipe are large, each scheduled for two
boards or rates: the highest rate that fits, and a part of it, which gives other foldings. Frames are simulated back to
back; their outputs must equal the integer graph's. With names, only those recipes are run; results of the others are
kept. Writes benchmarks/network_cycles.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.api.tune import untrained_graph
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, execute
from codesign.recipe import load_recipe
from codesign.schedule import Schedule, schedule
from codesign.targets import load_target

RESULT = Path(__file__).with_suffix(".json")
TARGET = "pynq-z2"
FRAMES = 4
PARTS = (1.0, 0.3)
"""Of the highest rate that fits."""


@dataclass(frozen=True)
class Case:
    """A recipe and the size of its images here, in pixels."""

    recipe: str
    image_size: int


CASES = (
    Case("codenet-digits", 48),
    Case("codenet-ablation", 48),
    Case("codenet-a", 64),
    Case("codenet-b", 64),
    Case("fashion-mobilenet", 32),
    Case("fashion-resnext", 32),
    Case("fashion-binary", 32),
    Case("resnet-20", 32),
)


def rows(case: Case) -> list[dict[str, Any]]:
    graph = untrained_graph(load_recipe(case.recipe, [f"data.image_size={case.image_size}"]))
    target = load_target(TARGET)
    fastest = schedule(graph, target)
    found = []
    for part in PARTS:
        plan = fastest if part == 1 else schedule(graph, target, fps=part * fastest.frames_per_second)
        found.append({"recipe": case.recipe, "image_size": case.image_size, "part": part, **compared(graph, plan)})
        print(json.dumps(found[-1]), flush=True)
    return found


def compared(graph: Graph, plan: Schedule) -> dict[str, Any]:
    """Predicted and simulated cycles, and by which part the prediction is above."""
    ((source, kind),) = graph.inputs.items()
    frames = np.random.default_rng(2).integers(kind.lo, kind.hi, (FRAMES, *kind.shape), endpoint=True).astype(np.int32)
    with tempfile.TemporaryDirectory(prefix="codesign_cycles_") as scratch:
        folder = emit_rtl(graph, plan, Path(scratch) / "rtl").folder
        found = simulate(folder, graph, frames, tensors=())
    expected = execute(graph, {source: frames})
    if any((found.values[name] != expected[name]).any() for name in graph.outputs):
        raise SystemExit("the simulation differs from the graph")
    figures: dict[str, Any] = {
        "blocks": len(graph.nodes),
        "multipliers": sum(block.multipliers for block in plan.blocks.values()),
    }
    for name in ("interval_cycles", "latency_cycles"):
        predicted, measured = getattr(plan, name), getattr(found, name)
        figures[name] = (predicted, measured)
        figures[name.replace("cycles", "rel")] = round(predicted / measured - 1, 4)
    return figures


def main(words: list[str]) -> None:
    kept = json.loads(RESULT.read_text())["designs"] if RESULT.exists() else []
    for case in CASES:
        if words and case.recipe not in words:
            continue
        kept = [row for row in kept if row["recipe"] != case.recipe] + rows(case)
        kept.sort(key=lambda row: [case.recipe for case in CASES].index(row["recipe"]))
        worst = {f"{name}_worst_rel": max(abs(row[f"{name}_rel"]) for row in kept) for name in ("interval", "latency")}
        text = {"target": TARGET, "frames": FRAMES, **worst, "designs": kept}
        RESULT.write_text(json.dumps(text, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
