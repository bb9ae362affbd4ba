"""Speed of a network's hls4ml project in C simulation: emission, compilation, and multiplications a second.

    python -m benchmarks.speed.hls_simulation BUILD [FRAMES]

The simulation must agree with the graph's executor in every output. Writes benchmarks/results/hls_simulation.json.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.record import save
from codesign.build_folder import open_build
from codesign.emit.hls.project import emit_hls
from codesign.emit.hls.run import compile_csim, run_hls
from codesign.graph import execute


def children_seconds(work: Callable[[], object]) -> float:
    """CPU time of the processes that `work` starts, which a busy machine does not stretch."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    work()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main(folder: str, frames: str = "4") -> None:
    design = open_build(folder).design
    graph = design.graph
    inputs = {
        name: np.random.default_rng(0).integers(kind.lo, kind.hi + 1, (int(frames), *kind.shape))
        for name, kind in graph.inputs.items()
    }
    first = {name: images[:1] for name, images in inputs.items()}
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "hls"
        start = time.process_time()
        emit_hls(design, project)
        emission = time.process_time() - start
        compilation = children_seconds(lambda: compile_csim(project))
        one = children_seconds(lambda: run_hls(project, graph, first))
        many = children_seconds(lambda: run_hls(project, graph, inputs, processes=1))
        got, expected = run_hls(project, graph, inputs), execute(graph, inputs)
    if any(not np.array_equal(got[name], expected[name]) for name in graph.outputs):
        sys.exit("C simulation and executor disagree")
    frame = (many - one) / (int(frames) - 1)
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "network": graph.name,
        "blocks": len(graph.nodes),
        "macs": graph.macs,
        "emission_cpu_s": round(emission, 1),
        "compilation_cpu_s": round(compilation, 1),
        "frame_cpu_s": round(frame, 3),
        "mmacs_per_cpu_s": round(graph.macs / frame / 1e6, 1),
    }
    save("hls_simulation", result, ("benchmarks/speed/hls_simulation.py", "codesign/emit/hls/**/*", "hls/*.h"))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
