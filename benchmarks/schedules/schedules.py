"""The schedule of CoDeNet's configurations on boards: highest frame rate, resources, bandwidth, and what binds.

    python -m benchmarks.schedules.schedules [a b c d e] [pynq-z2 ultra96-v2 zcu104]

Networks are untrained (`codesign.training.untrained`), so that dilations span their whole range. Each row says the
decoder's order and bound. Configuration c comes in several orders and bounds. Writes benchmarks/results/schedules.json.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks.record import ROOT, SCHEDULER, load, save
from codesign.api.tune import untrained_graph
from codesign.errors import ScheduleError
from codesign.recipe import Recipe, load_recipe
from codesign.schedule import schedule
from codesign.targets import load_target

MODELS = ROOT / "models"
PYNQ, LARGER = "pynq-z2", ("ultra96-v2", "zcu104")
TARGETS = tuple(f"codesign/targets/{name}.yaml" for name in (PYNQ, *LARGER))
SOURCES = ("benchmarks/schedules/schedules.py", "models/*.yaml", *TARGETS, *SCHEDULER)
ORDERS = ("pointwise_first", "depthwise_first")
VARIANTS = [
    *((name, "pointwise_first", 7, PYNQ) for name in "cabde"),
    *(("c", "pointwise_first", bound, PYNQ) for bound in (4, 2)),
    ("c", "depthwise_first", 4, PYNQ),
    *((name, "pointwise_first", 2, PYNQ) for name in "de"),
    *((name, "pointwise_first", 7, board) for board in LARGER for name in "cde"),
]
"""(configuration, order, bound of the dilation, target)."""


def recipe(name: str, order: str, bound: int) -> Recipe:
    found = load_recipe(MODELS / f"codenet-{name}.yaml")
    decoder = found.model.decoder.model_copy(update={"order": order, "bound": bound})
    return found.model_copy(update={"model": found.model.model_copy(update={"decoder": decoder})})


def row(name: str, order: str, bound: int, target: str) -> dict[str, Any]:
    graph = untrained_graph(recipe(name, order, bound))
    described = {"configuration": name, "order": order, "bound": bound, "target": target, "macs": graph.macs}
    started = time.perf_counter()
    try:
        plan = schedule(graph, load_target(target), streaming=True)
    except ScheduleError as error:
        return described | {"refused": str(error), "seconds": round(time.perf_counter() - started, 1)}
    streamed = sum(folding.tile > 0 for folding in plan.foldings.values())
    return described | {
        "clock_mhz": plan.clock_mhz,
        "interval_cycles": plan.interval_cycles,
        "frames_per_second": round(plan.frames_per_second, 2),
        "latency_cycles": plan.latency_cycles,
        "lut": plan.used.lut,
        "ff": plan.used.ff,
        "bram36": plan.used.bram36,
        "dsp": plan.used.dsp,
        "ddr_mb_s": round(plan.used_mb_s),
        "budget": {"lut": plan.budget.lut, "ff": plan.budget.ff, "bram36": plan.budget.bram36, "dsp": plan.budget.dsp},
        "budget_ddr_mb_s": round(plan.memory_mb_s),
        "streamed_blocks": streamed,
        "binds": plan.binds,
        "seconds": round(time.perf_counter() - started, 1),
    }


def main(words: list[str]) -> None:
    boards = {board for *_, board in VARIANTS} & set(words)
    names = set(words) - boards
    rows = load("schedules").get("schedules", [])
    for variant in VARIANTS:
        if (names and variant[0] not in names) or (boards and variant[3] not in boards):
            continue
        found = row(*variant)
        print(json.dumps(found), flush=True)
        rows = [r for r in rows if (r["configuration"], r["order"], r["bound"], r["target"]) != variant] + [found]
        rows.sort(key=lambda r: (r["configuration"], r["target"], ORDERS.index(r["order"]), -r["bound"]))
        save("schedules", {"schedules": rows}, SOURCES, whole=variant == VARIANTS[-1] and not words)


if __name__ == "__main__":
    main(sys.argv[1:])
