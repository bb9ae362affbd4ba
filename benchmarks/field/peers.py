"""Networks of others on their boards, beside what was published of them.

    python -m benchmarks.field.peers [--files FOLDER] [--only TEXT] [--synthesize] [--simulate]

Every network is scheduled twice: with the least area that is as fast as the peer, in frames a second and, if the peer
was given one frame at a time, in latency; and as fast as its board allows, within 80 % of its LUTs and flip-flops.
Whole frames of random values are simulated one behind the other, outputs compared, and every block synthesized by
Yosys; what would take long is left as the cost model has it, unless --synthesize and --simulate say otherwise. Every
figure says what stands behind it. Takes networks of which files are published from FOLDER, under the names in CASES;
rows whose file is in no folder are kept as they are. With --only those whose names hold TEXT are measured. Writes
benchmarks/results/peers.json after every row; hardware whose RTL is as it was is not measured again.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.field import peer_networks, published
from benchmarks.field.peer_networks import Source, of_brevitas, of_file, of_layers
from benchmarks.field.published import Peer
from benchmarks.record import EXPORT, SYNTHESIS, folder_digest, load, save
from benchmarks.simulated import passed
from codesign.cost import error_bars
from codesign.design import Design, design_of
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import CodesignError, ScheduleError
from codesign.graph import Graph
from codesign.schedule import Schedule, schedule
from codesign.synthesis import synthesize_network
from codesign.targets import Target, load_target
from codesign.targets.model import Share

NAME = "peers"
SOURCES = (
    "benchmarks/field/peer*.py",
    "benchmarks/field/published.py",
    "benchmarks/simulated.py",
    "codesign/targets/*.yaml",
    *EXPORT,
    *SYNTHESIS,
)
GOALS = ("as fast as the peer", "as fast as fits")
AREA = ("lut", "ff", "bram36", "dsp")
SYNTHESIZED_LUT = 25_000
"""Designs of more predicted LUTs are only synthesized with --synthesize: that takes more than some minutes."""

STEP = 1.2
"""By which the rate is raised until a frame's latency is the peer's."""

SIMULATED_MACS = 100_000_000
"""Networks of more multiplications and accumulations are only simulated with --simulate."""


@dataclass(frozen=True)
class Case:
    """A network on a board. peer: of the same network, or what else its remark says. streaming, lut_products: as in
    `schedule`."""

    network: str
    source: Source
    target: str
    peer: Peer
    streaming: bool = False
    lut_products: bool = True


CODE = f"{published.TINY}/code"
FILES = "https://github.com/mlcommons/tiny/tree/master/benchmark/training"
JETS = of_layers(peer_networks.JET_TAGGER, f"{published.JETS}/NN_train/jet_tagging")
TFC = of_file("finn-tfc-w1a1.onnx", f"{published.FINN}/tree/main/src/finn/qnn-data/build_dataflow", flat=True)
KWS = of_file("kws-w3a3.onnx", f"{CODE}/kws/KWS-W3A3/training/training_checkpoint/QONNX_model.onnx", flat=True)
AD08 = of_layers(peer_networks.AD08, f"{CODE}/ad/AD08/training/ad08.yml")
RN07 = of_layers(peer_networks.rn07, f"{CODE}/ic/RN07/training/RN07.yml")
AUTO_ENCODER = of_file("mlperf-tiny-ad-int8.tflite", f"{FILES}/anomaly_detection")
DS_CNN = of_file("mlperf-tiny-kws-dscnn-int8.tflite", f"{FILES}/keyword_spotting")
RESNET_8 = of_file("mlperf-tiny-ic-resnet8-int8.tflite", f"{FILES}/image_classification")
ULTRANET = of_layers(peer_networks.ultranet, f"{published.DAC_2020}/model/mymodel.py")
MOBILENET = of_layers(peer_networks.mobilenet, f"{published.BUILD}/mobilenet-v1/README.md")
CASES = (
    Case("jet tagger, 6 bits", JETS, "pynq-z2", published.JET_TAGGER),
    Case("TFC-W1A1", TFC, "aup-zu3", published.TFC_W1A1),
    Case("TFC-W1A2", of_brevitas("tfc_1w2a", flat=True), "aup-zu3", published.TFC_W1A2),
    Case("TFC-W2A2", of_brevitas("tfc_2w2a", flat=True), "aup-zu3", published.TFC_W2A2),
    Case("KWS-W3A3", KWS, "pynq-z1", published.KWS_W3A3),
    Case("KWS-W3A3", KWS, "pynq-z2", published.KWS_TINY),
    Case("AD08", AD08, "pynq-z2", published.AD08, lut_products=False),
    Case("RN07", RN07, "pynq-z2", published.RN07),
    Case("CNV-W1A1", of_brevitas("cnv_1w1a"), "pynq-z1", published.CNV_W1A1),
    Case("CNV-W1A1", of_brevitas("cnv_1w1a"), "pynq-z2", published.CNV_TINY),
    Case("CNV-W1A2", of_brevitas("cnv_1w2a"), "aup-zu3", published.CNV_W1A2),
    Case("CNV-W2A2", of_brevitas("cnv_2w2a"), "pynq-z1", published.CNV_W2A2),
    Case("auto-encoder, int8", AUTO_ENCODER, "pynq-z2", published.other(published.AD08)),
    Case("DS-CNN, int8", DS_CNN, "pynq-z2", published.other(published.KWS_TINY)),
    Case("ResNet-8, int8", RESNET_8, "pynq-z2", published.other(published.RN07)),
    Case("UltraNet, W4A4", ULTRANET, "ultra96-v2", published.ULTRANET_2020),
    Case("UltraNet, W4A4", ULTRANET, "ultra96-v2", published.ULTRANET_2022),
    Case("MobileNet-V1, W4A4", MOBILENET, "pynq-z2", published.MOBILENET, streaming=True),
    Case("MobileNet-V1, W4A4", MOBILENET, "zcu104", published.MOBILENET_ZCU104, streaming=True),
)


@dataclass(frozen=True)
class Effort:
    """What is measured however long it takes."""

    synthesize: bool
    simulate: bool


def board(name: str) -> Target:
    """The board with the room that all boards are left here, whatever its own file says."""
    return load_target(name).model_copy(update={"share": Share()})


def row(case: Case, goal: str, graph: Graph, kept: Mapping[str, Any], effort: Effort) -> dict[str, Any] | None:
    """Our figures for a goal; None where there is no rate to reach. kept: measured cells by digest of the RTL."""
    target = board(case.target)
    if goal == GOALS[0] and case.peer.frames_per_s(target.clock_mhz) is None:
        return None
    said: dict[str, Any] = {**key_of(case, goal), "macs": graph.macs}
    said |= {"clock_mhz": target.clock_mhz, "budget": target.budget.model_dump()}
    try:
        plan = as_the_peer(case, graph, target) if goal == GOALS[0] else scheduled(case, graph, target)
    except ScheduleError as error:
        return said | {"refused": str(error)}
    design = design_of(graph, target, plan)
    with tempfile.TemporaryDirectory(prefix="codesign_peers_") as scratch:
        folder = emit_rtl(design, Path(scratch) / "rtl").folder
        rtl = folder_digest(folder)
        figures = {**modelled(design), **kept.get(rtl, {})}
        if figures["interval_cycles"]["kind"] == "modelled" and (graph.macs <= SIMULATED_MACS or effort.simulate):
            figures |= simulated(folder, design)
        if figures["lut"]["kind"] == "modelled" and (plan.used.lut <= SYNTHESIZED_LUT or effort.synthesize):
            figures |= synthesized(folder)
    return said | {"figures": figures, "binds": plan.binds, "rtl": rtl}


def as_the_peer(case: Case, graph: Graph, target: Target) -> Schedule:
    """The least area at the peer's rate, or at the first higher one at which its latency is met, too."""
    rate, latency = case.peer.frames_per_s(target.clock_mhz), case.peer.figures.get("latency_us")
    assert rate is not None
    plan = scheduled(case, graph, target, rate)
    while latency and plan.latency_cycles > latency.value * target.clock_mhz:
        rate *= STEP
        plan = scheduled(case, graph, target, rate)
    return plan


def scheduled(case: Case, graph: Graph, target: Target, rate: float | None = None) -> Schedule:
    options = {"streaming": case.streaming, "lut_products": case.lut_products}
    return schedule(graph, target, fps=rate, **options)


def modelled(design: Design) -> dict[str, Any]:
    """All figures by the schedule and the cost model; error: the half width of 90 % error bars."""
    plan = design.schedule
    blocks = (error_bars.of_block(block.node.op.kind, plan.blocks[block.name]) for block in design.blocks)
    bars = error_bars.total((*blocks, error_bars.of_block(error_bars.OTHERS, plan.streams)))
    figures: dict[str, Any] = {
        name: {"value": getattr(plan, name), "kind": "modelled"} for name in ("interval_cycles", "latency_cycles")
    }
    for name in AREA:
        figures[name] = {"value": getattr(plan.used, name), "kind": "modelled", "error": round(bars.of(name))}
    return figures


def simulated(folder: Path, design: Design) -> dict[str, Any]:
    """Raises SystemExit if an output differs from the graph's."""
    found = passed(folder, design)
    if not found.exact:
        raise SystemExit(f"{design.graph.name}: the simulation differs from the graph")
    cycles = {"interval_cycles": found.interval_cycles, "latency_cycles": found.latency_cycles}
    return {name: {"value": value, "kind": "simulated"} for name, value in cycles.items()}


def synthesized(folder: Path) -> dict[str, Any]:
    found = synthesize_network(folder, "xc7").total
    return {name: {"value": getattr(found, name), "kind": "synthesized"} for name in AREA}


def measured(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The cells of rows that no model made, by digest of their RTL."""
    cells: dict[str, dict[str, Any]] = {}
    for one in rows:
        if "rtl" in one:
            found = {name: cell for name, cell in one["figures"].items() if cell["kind"] != "modelled"}
            cells[one["rtl"]] = cells.get(one["rtl"], {}) | found
    return cells


def key_of(case: Case, goal: str) -> dict[str, str]:
    """What tells a row from the others."""
    return {"network": case.network, "target": case.target, "peer": case.peer.name, "goal": goal}


def keep(rows: Sequence[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    """Writes the rows of the cases in their order, with what was published. whole: all were made now."""
    order = [key_of(case, goal) for case in CASES for goal in GOALS]
    kept = [one for key in order for one in rows if _key(one) == key]
    save(NAME, {"kinds": published.KINDS, "cases": [_told(case) for case in CASES], "rows": kept}, SOURCES, whole=whole)
    return kept


def _told(case: Case) -> dict[str, Any]:
    """What is published of a case."""
    source = {"weights": case.source.weights, "link": case.source.link}
    return {"network": case.network, "target": case.target, **source, "peer": asdict(case.peer)}


def _key(one: Mapping[str, Any]) -> dict[str, str]:
    return {name: one[name] for name in ("network", "target", "peer", "goal")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, action="append", default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("--synthesize", action="store_true", help="also what takes long")
    parser.add_argument("--simulate", action="store_true", help="also what takes long")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows, effort, skipped = load(NAME).get("rows", []), Effort(options.synthesize, options.simulate), 0
    for case in CASES:
        if options.only not in case.network:
            continue
        graph = _read(case, options.files)
        skipped += graph is None
        for goal in GOALS if graph else ():
            found = row(case, goal, graph, measured(rows), effort)
            rows = [one for one in rows if _key(one) != key_of(case, goal)] + ([found] if found else [])
            print(found, flush=True)
            rows = keep(rows, whole=False)
    keep(rows, whole=not options.only and not skipped)


def _read(case: Case, folders: Sequence[Path]) -> Graph | None:
    """Its graph; None, and a line, where it cannot be read here."""
    try:
        graph = case.source.make(folders)
    except CodesignError as error:
        print(f"{case.network}: {error}")
        return None
    if graph is None:
        print(f"{case.network}: its file is in no folder, its rows stay as they are")
    return graph


if __name__ == "__main__":
    main()
