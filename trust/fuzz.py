"""Random networks through every back end: all integers of all tensors must be those of the graph's own executor.

    python -m trust.fuzz [--networks 500] [--compiled 50] [--seed 1]

`networks` go through ONNX Runtime, `compiled` others through the hls4ml project (g++) and the SystemVerilog (Verilator)
at random foldings, with and without stalls. The networks are those of trust/random_graphs.py. A network that fails is
made as small as it can be, within five minutes, and kept as `.hypothesis/fuzz/CHECK-NUMBER.npz`, NUMBER being the seed
of its images and schedule; the next run begins with it. What a back end refuses with its reason is counted apart. Exit
status 1 after a failure. Keeps its figures in benchmarks/results/trust.json, with how many networks had which operator,
width and folding.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from benchmarks.record import RTL, SCHEDULER
from codesign.design import Design, design_of
from codesign.emit.hls.project import emit_hls
from codesign.emit.hls.run import run_hls
from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import GraphError, ScheduleError
from codesign.graph import Graph, IntArray, execute
from codesign.graph.reals import random_integers
from codesign.graph.store import load, save
from codesign.hardware.folding import Folding
from codesign.schedule import Schedule, schedule
from codesign.targets import load_target
from trust.random_graphs import graphs

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    "trust/fuzz.py",
    "trust/random_graphs.py",
    *SCHEDULER,
    *RTL,
    "codesign/emit/hls/**/*",
    "codesign/emit/onnx/**/*.py",
    "hls/*.h",
)
KEPT = ROOT / ".hypothesis" / "fuzz"
FRAMES = 3
ROUND = 10
"""Networks after which hypothesis begins anew: it likes to vary those that it has, and operators would be missing."""

TARGETS = ("pynq-z2", "ulx3s-85f")
"""With DSP slices of two products, and with multipliers of one."""

Images = dict[str, IntArray]
Covered = Iterator[str]
"""What a network has of which others may have none."""


def images_of(graph: Graph, number: int) -> Images:
    """FRAMES frames (N, C, H, W) of each input, the first all at the range's upper end."""
    rng = np.random.default_rng(number)
    images = {name: random_integers(rng, kind, FRAMES) for name, kind in graph.inputs.items()}
    for name, kind in graph.inputs.items():
        images[name][0] = kind.hi
    return images


def same(got: Images, expected: Images, stage: str) -> None:
    """Raises AssertionError that names the stage and the first tensor that differs."""
    for name, values in got.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=f"{stage}: {name}")


def operators(graph: Graph) -> Covered:
    yield from {f"operator {node.op.kind}" for node in graph.nodes}
    yield from {f"bits {kind.bits}" for kind in graph.types.values()}


def foldings(plan: Schedule) -> Covered:
    features: dict[str, Callable[[Folding], bool]] = {
        "several outputs at once": lambda f: f.pe > 1,
        "several inputs at once": lambda f: f.simd > 1,
        "several taps at once": lambda f: f.taps > 1,
        "binary weights wired": lambda f: f.wired,
        "products of LUTs": lambda f: f.products == "lut",
    }
    for name, has in features.items():
        if any(map(has, plan.foldings.values())):
            yield f"folding: {name}"


def through_onnxruntime(graph: Graph, number: int) -> Covered:
    """Every tensor seen at once, then the outputs alone: what is seen keeps ONNX Runtime from fusing across it."""
    (images,) = images_of(graph, number).values()
    tensors = list(graph.types)
    expected = execute(graph, {next(iter(graph.inputs)): images}, keep=tensors)
    model = emit_qcdq(graph)
    for wanted in (tensors, list(graph.outputs)):
        same(run_onnxruntime(model, graph, images, wanted), expected, "onnxruntime")
    return operators(graph)


def through_hardware(graph: Graph, number: int) -> Covered:
    """C simulation, then RTL, under a random schedule, without stalls and with them."""
    images = images_of(graph, number)
    computed = [name for name in graph.types if name not in graph.inputs]
    expected = execute(graph, images, keep=computed)
    design = random_design(graph, np.random.default_rng(number))
    with tempfile.TemporaryDirectory(prefix="fuzz_") as scratch:
        folder = Path(scratch)
        emit_hls(design, folder / "hls")
        same(run_hls(folder / "hls", graph, images, computed, processes=1), expected, "hls")
        rtl = emit_rtl(design, folder / "rtl").folder
        for stall in (0.0, 0.5):
            run = simulate(rtl, graph, images, tensors=computed, stall=stall, seed=number)
            same({name: run.values[name] for name in computed}, expected, f"rtl with stalls {stall}")
    yield from operators(graph)
    yield from foldings(design.schedule)


def random_design(graph: Graph, rng: np.random.Generator) -> Design:
    """Scheduled as fast as can be or at a random rate, on DSP slices or with few of them."""
    few: dict[str, Any] = {} if rng.random() < 0.7 else {"max_dsp": int(rng.integers(3)), "lut_products": True}
    target = load_target(TARGETS[rng.integers(2)])
    plan = schedule(graph, target, **few)
    if rng.random() >= 0.3:
        plan = schedule(graph, target, **few, fps=plan.frames_per_second * 10 ** -rng.uniform(0, 4))
    return design_of(graph, target, plan)


@dataclass
class Fuzz:
    """What `check` has shown on the networks that it took; `failure` is of the smallest that fails."""

    check: Callable[[Graph, int], Covered]
    taken: int = 0
    covered: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failure: str = ""

    @property
    def kept(self) -> list[Path]:
        return [*KEPT.glob(f"{self.check.__name__}-*.npz")]

    def one(self, graph: Graph, number: int) -> None:
        assume(graph.nodes)
        try:
            covered = list(self.check(graph, number))
        except (GraphError, ScheduleError) as refusal:
            self.refusals[re.sub(r"\d+", "N", str(refusal))] += 1
            assume(False)
        except Exception:
            for larger in self.kept:
                larger.unlink()
            KEPT.mkdir(parents=True, exist_ok=True)
            save(graph, KEPT / f"{self.check.__name__}-{number}.npz")
            raise
        self.taken += 1
        self.covered.update(covered)
        if self.taken % 10 == 0:
            print(f"{self.taken} networks", file=sys.stderr, flush=True)

    def run(self, count: int, start: int, longest: int, largest: int) -> None:
        """Takes `count` networks of up to `longest` steps on up to `largest` x `largest` pixels, till one fails."""
        for path in self.kept:
            self._run(partial(self._again, path))
        for number in range(0, count, ROUND):
            if not self.failure:
                self._round(min(ROUND, count - number), start + number, graphs(longest, largest))

    def _again(self, path: Path) -> None:
        """A network that has failed, which is forgotten once it does not."""
        list(self.check(load(path), int(path.stem.rpartition("-")[2])))
        path.unlink()

    def _round(self, count: int, start: int, networks: st.SearchStrategy[Graph]) -> None:
        @seed(start)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @given(networks, st.integers(0, 2**31))
        def run(graph: Graph, number: int) -> None:
            self.one(graph, number)

        self._run(run)

    def _run(self, run: Callable[[], None]) -> None:
        try:
            run()
        except Exception as failure:
            self.failure = f"{self.check.__name__}: {failure}"


def main() -> None:
    from trust.figures import update

    parser = argparse.ArgumentParser(description="random networks through every back end")
    parser.add_argument("--networks", type=int, default=500, help="through ONNX Runtime")
    parser.add_argument("--compiled", type=int, default=50, help="through the hls4ml project and the RTL")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    runtime, hardware = Fuzz(through_onnxruntime), Fuzz(through_hardware)
    runtime.run(options.networks, options.seed, 8, 9)
    hardware.run(options.compiled, options.seed, 8, 7)
    mismatches = 0
    for fuzz in (runtime, hardware):
        if fuzz.failure:
            mismatches += 1
            print(f"{fuzz.failure}\nthe network is kept in {fuzz.kept[0]}")
        for reason, times in fuzz.refusals.most_common():
            print(f"refused {times} times: {reason}")
        for what, count in sorted(fuzz.covered.items()):
            print(f"{count:4} of {fuzz.taken}: {what}")
    update(
        "fuzz",
        {
            "networks": runtime.taken,
            "networks_compiled": hardware.taken,
            "networks_with": dict(sorted(runtime.covered.items())),
            "networks_compiled_with": dict(sorted(hardware.covered.items())),
            "refused": (runtime.refusals + hardware.refusals).total(),
            "mismatches": mismatches,
        },
        SOURCES,
    )
    print(f"{runtime.taken} networks, {hardware.taken} compiled, {mismatches} mismatches")
    sys.exit(bool(mismatches))


if __name__ == "__main__":
    main()
