"""Random networks through every back end: all integers of all tensors must be those of the graph's own executor.

    python benchmarks/fuzz.py [--networks 500] [--compiled 50] [--seed 1]

`networks` go through ONNX Runtime, `compiled` others through the hls4ml project (g++) and the SystemVerilog (Verilator)
at random foldings, with and without stalls. The networks are those of tests/random_graphs.py. A network that fails is
made as small as it can be, printed, and kept in .hypothesis/fuzz: the next run begins with it. What a back end refuses
with its reason is counted apart. Exit status 1 after a failure. Keeps its figures in benchmarks/trust.json.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from codesign.emit.hls.project import emit_hls
from codesign.emit.hls.run import run_hls
from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import GraphError, ScheduleError
from codesign.graph import Graph, IntArray, execute
from codesign.graph.reals import random_integers
from codesign.schedule import schedule
from codesign.targets import load_target

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from random_graphs import graphs  # noqa: E402

KEPT = ROOT / ".hypothesis" / "fuzz"
FRAMES = 3
REFUSALS: Counter[str] = Counter()

Images = dict[str, IntArray]


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


def through_onnxruntime(graph: Graph, number: int) -> None:
    """Every tensor seen at once, then the outputs alone: what is seen keeps ONNX Runtime from fusing across it."""
    (images,) = images_of(graph, number).values()
    tensors = list(graph.types)
    expected = execute(graph, {next(iter(graph.inputs)): images}, keep=tensors)
    model = emit_qcdq(graph)
    for wanted in (tensors, list(graph.outputs)):
        same(run_onnxruntime(model, graph, images, wanted), expected, "onnxruntime")


def through_hardware(graph: Graph, number: int) -> None:
    """C simulation, then RTL, folded for a random rate, without stalls and with them."""
    rng = np.random.default_rng(number)
    images = images_of(graph, number)
    computed = [name for name in graph.types if name not in graph.inputs]
    expected = execute(graph, images, keep=computed)
    fps = None if number % 4 == 0 else float(10 ** rng.uniform(2, 6))
    plan = schedule(graph, load_target("pynq-z2"), fps=fps)
    with tempfile.TemporaryDirectory(prefix="fuzz_") as scratch:
        folder = Path(scratch)
        emit_hls(graph, folder / "hls", part="xc7z020clg400-1", clock_period_ns=10.0, foldings=plan.foldings)
        same(run_hls(folder / "hls", graph, images, computed, processes=1), expected, "hls")
        rtl = emit_rtl(graph, plan, folder / "rtl").folder
        for stall in (0.0, 0.5):
            run = simulate(rtl, graph, images, tensors=computed, stall=stall, seed=number)
            same({name: run.values[name] for name in computed}, expected, f"rtl with stalls {stall}")


def fuzz(check: Callable[[Graph, int], None], count: int, start: int, longest: int, largest: int) -> tuple[int, bool]:
    """Runs `check` on `count` networks; how many it took, and whether all were exact. A failure is printed."""
    taken = 0

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=DirectoryBasedExampleDatabase(KEPT),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(graphs(longest, largest), st.integers(0, 2**31))
    def run(graph: Graph, number: int) -> None:
        nonlocal taken
        assume(graph.nodes)
        try:
            check(graph, number)
        except (GraphError, ScheduleError) as refusal:
            REFUSALS[str(refusal)] += 1
            assume(False)
        taken += 1
        if taken % 10 == 0:
            print(f"{taken} of {count}", file=sys.stderr, flush=True)

    run.hypothesis.inner_test.__qualname__ = check.__name__  # the key under which failures are kept
    try:
        run()
    except AssertionError as failure:
        print(f"{check.__name__}: {failure}")
        return taken, False
    return taken, True


def main() -> None:
    from trust import update

    parser = argparse.ArgumentParser(description="random networks through every back end")
    parser.add_argument("--networks", type=int, default=500, help="through ONNX Runtime")
    parser.add_argument("--compiled", type=int, default=50, help="through the hls4ml project and the RTL")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    runs = {
        "networks": partial(fuzz, through_onnxruntime, options.networks, options.seed, 8, 9),
        "networks_compiled": partial(fuzz, through_hardware, options.compiled, options.seed, 5, 6),
    }
    results = {name: run() for name, run in runs.items()}
    mismatches = sum(not exact for _, exact in results.values())
    update({name: taken for name, (taken, _) in results.items()} | {"mismatches": mismatches})
    print(f"{results['networks'][0]} networks, {results['networks_compiled'][0]} compiled, {mismatches} mismatches")
    for reason, times in REFUSALS.most_common():
        print(f"refused {times} times: {reason}")
    sys.exit(bool(mismatches))


if __name__ == "__main__":
    main()
