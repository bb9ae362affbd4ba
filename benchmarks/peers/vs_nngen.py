"""The same integer networks as NNgen's hardware and as ours: cycles a frame, LUT, FF, BRAM36 and DSP.

    pip install 'codesign[bench,synth]'
    python -m benchmarks.peers.vs_nngen [stack] [detector]

Both are simulated in Verilator and must be exact against their own software models (they round ties differently), and
both are synthesized by the same Yosys for xc7, module by module, and counted by the same rules. NNgen's cycles are
from the write of its start register to its busy register being read as 0, with its own memory model; it reads its
weights from that memory, ours are on chip. Ours are the interval between frames that follow each other, and one's
latency. For each of NNgen's designs there is one of ours of least area that takes at most as many cycles a frame, and
one that takes at most a fifth with no more DSP slices, further products being made of LUTs. Writes
benchmarks/results/vs_nngen.json; what has been measured once is kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.peers import nngen_side
from benchmarks.record import RTL, SCHEDULER, load, save
from codesign.design import design_of
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import ScheduleError
from codesign.graph import Graph, IntArray, Node, TensorType, digest, execute
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.upsample import Upsample
from codesign.resources import cache_dir, source_files
from codesign.schedule import Resources, schedule
from codesign.synthesis import synthesize_network, yosys
from codesign.synthesis.module import read, statistics
from codesign.synthesis.utilization import count
from codesign.targets import load_target

SOURCES = ("benchmarks/peers/*.py", "codesign/targets/pynq-z2.yaml", *SCHEDULER, *RTL)
CACHE = cache_dir() / "vs_nngen"
PARALLELISM = {"stack": (1, 2), "detector": (1,)}
"""Input and output channels that NNgen works on at once; Yosys takes more than an hour for its larger detectors."""

TARGET = "pynq-z2"
SHARES = {"as many cycles": 1, "a fifth of the cycles": 5}
FRAMES = 3


class Chain:
    """A chain of 8-bit convolutions with ReLU, built layer by layer."""

    def __init__(self, name: str, image: TensorType) -> None:
        self.name, self.image = name, image
        self._nodes: list[Node] = []
        self._last, self._type = "image", image
        self._rng = np.random.default_rng(0)

    def conv(self, outputs: int, kernel: int = 3, stride: int = 1, *, relu: bool = True) -> Chain:
        """A convolution and its requantization to 8 bits, by the shift that uses their range."""
        name = f"conv{sum(node.op.kind == 'conv' for node in self._nodes)}"
        weight = self._rng.integers(-127, 128, (outputs, self._type.channels, kernel, kernel))
        bias = self._rng.integers(-1000, 1000, outputs)
        sums = self._append(name, Conv(weight, bias, (1.0,), (stride, stride), (kernel // 2,) * 4))
        spread = 127 * 64 * np.sqrt(weight[0].size)
        shift = int(np.ceil(np.log2(spread / 127)))
        low = 0 if relu else -127
        self._append(f"{name}.act", Requant(np.array([shift]), low, 127, sums.scale[0] * 2.0**shift))
        return self

    def upsample(self) -> Chain:
        self._append(f"upsample{len(self._nodes)}", Upsample(2))
        return self

    def graph(self) -> Graph:
        return Graph(self.name, {"image": self.image}, tuple(self._nodes), (self._last,))

    def _append(self, name: str, op: Conv | Requant | Upsample) -> TensorType:
        self._nodes.append(Node(name, op, (self._last,)))
        self._last, (self._type,) = name, op.infer(self._type)
        return self._type


def stack() -> Graph:
    """conv3x3 8 -> 16, conv3x3 16 -> 16, conv1x1 16 -> 32 at 16x16."""
    return Chain("stack", TensorType((8, 16, 16), -128, 127)).conv(16).conv(16).conv(32, 1, relu=False).graph()


def detector() -> Graph:
    """A detector's backbone, decoder and head at 64x64, of dense convolutions, all that NNgen has: 12 classes, size and
    offset at stride 4."""
    chain = Chain("detector", TensorType((3, 64, 64), -128, 127))
    chain.conv(16, 3, 2).conv(32, 3, 2).conv(32).conv(64, 3, 2).conv(32, 1).upsample().conv(32)
    return chain.conv(16, 1, relu=False).graph()


NETWORKS: dict[str, Callable[[], Graph]] = {"stack": stack, "detector": detector}


def main(names: Sequence[str]) -> None:
    results = {r["network"]: r for r in load("vs_nngen").get("networks", [])}
    for name in names or NETWORKS:
        results[name] = compare(NETWORKS[name]())
        text = {
            "synthesis": f"pyosys {yosys.version()}, synth_xilinx, not flattened",
            "networks": list(results.values()),
        }
        save("vs_nngen", text, SOURCES, whole=not names and name == list(NETWORKS)[-1])
        show(results[name])


def compare(graph: Graph) -> dict[str, object]:
    (kind,) = graph.inputs.values()
    frames = np.random.default_rng(1).integers(kind.lo, kind.hi, (FRAMES, *kind.shape), endpoint=True)
    theirs, ours = [], []
    for parallelism in PARALLELISM[graph.name]:
        theirs.append(kept(f"nngen {parallelism}", graph, lambda p=parallelism: measure_nngen(graph, frames[:1], p)))
        for label, share in SHARES.items():
            cycles = int(theirs[-1]["cycles"]) // share
            most = int(theirs[-1]["dsp"])
            key = f"ours {cycles} {most}"
            found = kept(key, graph, lambda c=cycles, d=most: measure_ours(graph, frames, c, d), sources=True)
            ours.append({"goal": f"{label} of NNgen ({parallelism}, {parallelism})", **found})
    return {"network": graph.name, "macs": graph.macs, "nngen": theirs, "codesign": ours}


def measure_nngen(graph: Graph, frame: IntArray, parallelism: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="vs_nngen_") as scratch:
        folder = Path(scratch)
        design, bench = nngen_side.build(graph, frame, parallelism, parallelism, folder)
        run = nngen_side.simulate(bench)
        stat = folder / "stat.json"
        top = nngen_side.TOP
        commands = [read([design], top, {}, "--best-effort-hierarchy"), yosys.flow("xc7", top, flatten=False)]
        yosys.run([*commands, statistics(stat)], folder)
        used = count(yosys.cells(stat), "xc7")
    area = Resources(used.lut, used.ff, used.bram36, used.dsp)
    return {"par_ich": parallelism, "par_och": parallelism, **asdict(run), **asdict(area)}


def measure_ours(graph: Graph, frames: IntArray, cycles: int, dsp: int) -> dict[str, object]:
    target = load_target(TARGET)
    try:
        plan = schedule(graph, target, fps=target.clock_mhz * 1e6 / cycles, max_dsp=dsp, lut_products=True)
    except ScheduleError as error:
        return {"does_not_fit": str(error)}
    with tempfile.TemporaryDirectory(prefix="vs_nngen_") as scratch:
        project = emit_rtl(design_of(graph, target, plan), Path(scratch) / "rtl")
        found = simulate(project.folder, graph, frames, tensors=())
        expected = execute(graph, {"image": frames})
        exact = all(np.array_equal(found.values[name], expected[name]) for name in graph.outputs)
        used = synthesize_network(project.folder).total
    return {
        "interval_cycles": found.interval_cycles,
        "latency_cycles": found.latency_cycles,
        "exact": exact,
        **asdict(Resources(used.lut, used.ff, used.bram36, used.dsp)),
        "foldings": {name: f"{folding.pe}x{folding.simd}" for name, folding in plan.foldings.items()},
    }


def kept(
    what: str, graph: Graph, measure: Callable[[], dict[str, object]], *, sources: bool = False
) -> dict[str, object]:
    """`measure()`, or what it gave when it was last called for the same network (and, if asked, the same sources)."""
    sha = hashlib.sha256(f"{what} {digest(graph)} {yosys.version()}".encode())
    for path in source_files() if sources else [Path(nngen_side.__file__)]:
        sha.update(path.read_bytes())
    file = CACHE / f"{sha.hexdigest()[:16]}.json"
    if not file.exists():
        result = measure()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result))
    found: dict[str, object] = json.loads(file.read_text())
    return found


def show(result: dict) -> None:
    table = Table(title=f"{result['network']}: {result['macs']:,} multiplications a frame", box=None)
    for heading in ("design", "interval", "latency", "exact", "LUT", "FF", "BRAM36", "DSP"):
        table.add_column(heading, justify="left" if heading == "design" else "right")

    def row(name: str, interval: int, latency: int, found: dict) -> None:
        figures = [f"{found[key]:,g}" for key in ("lut", "ff", "bram36", "dsp")]
        table.add_row(name, f"{interval:,}", f"{latency:,}", "yes" if found["exact"] else "NO", *figures)

    for found in result["nngen"]:
        row(f"NNgen ({found['par_ich']}, {found['par_och']})", found["cycles"], found["cycles"], found)
    for found in result["codesign"]:
        if "does_not_fit" in found:
            table.add_row(f"ours, {found['goal']}", "does not fit")
            continue
        row(f"ours, {found['goal']}", found["interval_cycles"], found["latency_cycles"], found)
    Console(width=120).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
