"""Clock of every block of the library on an ECP5-85F, speed grade 6, placed and routed by nextpnr between registers,
and of a whole network.

    python -m benchmarks.cost.ecp5_timing [WORD ...]

The blocks are those of `block_cases.py`, as they are emitted for this family; the network is the demo's detector
(models/codenet-digits) with its trained weights, of least area at 1000 frames a second. With words, only those whose
names contain one of them are run; results of the others are kept. Writes benchmarks/results/ecp5_timing.json.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.cost import block_cases
from benchmarks.record import ROOT, SCHEDULER, SYNTHESIS, load, save
from codesign.design import design_of
from codesign.emit.rtl import library
from codesign.emit.rtl.top import emit_rtl
from codesign.frontend.export import export_qonnx
from codesign.frontend.qonnx import import_qonnx
from codesign.resources import rtl_dir
from codesign.schedule import schedule
from codesign.synthesis import Placement, place_and_route
from codesign.targets import load_target
from codesign.training import load_run

GOAL_MHZ = 100.0
FPS = 1000
TARGET = load_target("ulx3s-85f")
RUN = ROOT / "models" / "codenet-digits"
NAME = "ecp5_timing"
SOURCES = ("benchmarks/cost/ecp5_timing.py", "benchmarks/cost/block_cases.py", *SCHEDULER, *SYNTHESIS)


def block(case: block_cases.Case, folder: Path) -> Placement:
    for memory in case.block.memories:
        memory.write(folder)
    files = library.sources([case.block.module], rtl_dir())
    return place_and_route(files, case.block.module, case.block.parameters, folder, clock_mhz=GOAL_MHZ)


def network(folder: Path) -> Placement:
    recipe, model = load_run(RUN)
    graph = import_qonnx(export_qonnx(model, recipe))
    project = emit_rtl(design_of(graph, TARGET, schedule(graph, TARGET, fps=FPS)), folder / "rtl")
    return place_and_route(project.sources, "top", {}, project.folder, clock_mhz=GOAL_MHZ)


def designs() -> Iterator[tuple[str, Callable[[Path], Placement]]]:
    for case in block_cases.cases(pair=TARGET.products_per_dsp > 1):
        yield case.name, partial(block, case)
    yield f"{RUN.name}, whole network", network


def measure(name: str, place: Callable[[Path], Placement]) -> dict[str, object]:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        placed = place(Path(folder))
    start, end = placed.critical_ends
    return {
        "design": name,
        "clock_mhz": placed.clock_mhz,
        "used": dict(placed.used),
        "critical": {"from": start, "to": end, "path": [asdict(hop) for hop in placed.critical_path]},
        "seconds": round(time.perf_counter() - started, 1),
    }


def main(words: list[str]) -> None:
    kept = {r["design"]: r for r in load(NAME).get("designs", [])}
    found = {name: kept[name] for name, _ in designs() if name in kept}
    measured: set[str] = set()
    for name, place in designs():
        if words and not any(word in name for word in words):
            continue
        found[name] = measure(name, place)
        measured.add(name)
        critical = found[name]["critical"]
        print(f"{found[name]['clock_mhz']:7.1f} MHz  {name}  {critical['from']} -> {critical['to']}", flush=True)
        ordered = [found[name] for name, _ in designs() if name in found]
        device = {"part": TARGET.part, "goal_mhz": GOAL_MHZ}
        save(NAME, {**device, "designs": ordered}, SOURCES, whole=not words and len(measured) == len(ordered))


if __name__ == "__main__":
    main(sys.argv[1:])
