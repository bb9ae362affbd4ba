"""How fast networks get where nothing but the board limits them, beside what their peers reach.

    python -m benchmarks.schedules.ceilings [NAME ...]

Each row is a network on a board, scheduled as fast as can be; those of the kind "one tap" as if windows came one tap at
a time only, which is how far that gets. Frames of random weights are simulated back to back, and outputs and interval
compared; not of the rows "one tap", which tell what is gained. Resources are the cost model's; products_per_dsp is how
many products a slice makes in a cycle, in blocks that have any. With names, only those rows are made and the others
kept. Writes benchmarks/results/ceilings.json after every row; a design whose RTL is as it was is not simulated again.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.field.peer_networks import ultranet
from benchmarks.record import RTL, SCHEDULER, folder_digest, load, save
from benchmarks.simulated import passed
from codesign.design import Design, design_of
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph
from codesign.hardware.window_taps import WindowTaps
from codesign.schedule import schedule
from codesign.targets import load_target

NAME = "ceilings"
MEASURING = ("benchmarks/schedules/ceilings.py", "benchmarks/field/peer_networks.py", "benchmarks/simulated.py")
SOURCES = (*MEASURING, "codesign/targets/*.yaml", *SCHEDULER, *RTL)


@dataclass(frozen=True)
class Case:
    """A network on a board. several: windows may come in several taps at once.

    peer_cycles: between two frames of the fastest design that is known.
    """

    name: str
    network: Callable[[], Graph]
    target: str
    max_dsp: int | None = None
    lut_products: bool = False
    several: bool = True
    fps: float | None = None
    peer: str = ""
    peer_cycles: int | None = None


WINNER = "winner of DAC-SDC 2022, 148,500 cycles"
CASES = (
    Case("ultranet, one tap", ultranet, "ultra96-v2", 360, several=False, peer=WINNER, peer_cycles=148_500),
    Case("ultranet, several taps", ultranet, "ultra96-v2", 360, peer=WINNER, peer_cycles=148_500),
    Case(
        "ultranet, several taps, products of LUTs too",
        ultranet,
        "ultra96-v2",
        360,
        lut_products=True,
        peer=WINNER,
        peer_cycles=148_500,
    ),
)


def row(case: Case, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a network, whose simulated outputs must be the graph's. kept: its row so far, or nothing."""
    graph, target = case.network(), load_target(case.target)
    with _taps(case.several):
        plan = schedule(graph, target, fps=case.fps, max_dsp=case.max_dsp, lut_products=case.lut_products)
        design = design_of(graph, target, plan)
    used, sliced = plan.used, [node for node in design.built.nodes if plan.blocks[node.name].dsp]
    products = sum(node.op.multiplications(*design.built.input_types(node)) for node in sliced) / plan.interval_cycles
    return {
        "name": case.name,
        "network": graph.name,
        "target": target.name,
        "interval_cycles": plan.interval_cycles,
        **(_simulated(design, kept) if case.several else {"simulated_cycles": None, "exact": None, "rtl": None}),
        "lut": used.lut,
        "lut_share": round(used.lut / target.resources.lut, 3),
        "ff": used.ff,
        "bram36": used.bram36,
        "dsp": used.dsp,
        "products_per_dsp": round(products / used.dsp, 2) if used.dsp else None,
        "binds": plan.binds,
        "peer": case.peer,
        "peer_cycles": case.peer_cycles,
    }


@contextmanager
def _taps(several: bool) -> Iterator[None]:
    """With or without windows that come in several taps at once."""
    if several:
        yield
        return
    with mock.patch.object(WindowTaps, "possible", new=False):
        yield


def _simulated(design: Design, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Cycles between the last two of several frames, and whether every output is exact."""
    with tempfile.TemporaryDirectory(prefix="codesign_ceilings_") as scratch:
        folder = emit_rtl(design, Path(scratch) / "rtl").folder
        rtl = folder_digest(folder)
        if kept.get("rtl") == rtl:
            return {name: kept[name] for name in ("simulated_cycles", "exact", "rtl")}
        found = passed(folder, design)
    return {"simulated_cycles": found.interval_cycles, "exact": found.exact, "rtl": rtl}


def main(names: list[str]) -> None:
    rows = {kept["name"]: kept for kept in load(NAME).get("rows", [])}
    for case in CASES:
        if names and case.name not in names:
            continue
        rows[case.name] = row(case, rows.get(case.name, {}))
        print(rows[case.name], flush=True)
        save(NAME, {"rows": [rows[c.name] for c in CASES if c.name in rows]}, SOURCES, whole=not names)


if __name__ == "__main__":
    main(sys.argv[1:])
