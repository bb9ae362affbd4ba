"""C simulation of an hls4ml project: compiled once, run on integers, every tensor observable."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from codesign import processes as programs
from codesign.emit.hls._wiring import Wiring, wire
from codesign.emit.hls.project import TOP
from codesign.emit.simulators import contents, fingerprint, simulator
from codesign.errors import GraphError, ToolError
from codesign.graph import Graph, IntArray

FLAGS = ("-O1", "-std=c++14", "-w")

FRAMES_A_PROCESS = 2
"""At least, where there are as many: what one frame leaves behind is there for the next, however many the CPUs."""


def run_hls(
    project_dir: Path,
    graph: Graph,
    images: IntArray | Mapping[str, IntArray],
    tensors: Collection[str] | None = None,
    *,
    processes: int | None = None,
) -> dict[str, IntArray]:
    """Runs `images` (N, C, H, W), integers, through the project of `graph` in `project_dir`, as its files lie there.

    images: the only input, or all inputs by name. Returns the named tensors (default: the graph's outputs), which may
    be accumulators, as (N, C, H, W) int32. The compiled simulator is kept in the user's cache; the frames are shared
    among `processes` (default: the CPUs there are), no fewer than FRAMES_A_PROCESS each. Raises ToolError if there is
    no compiler, or if compilation or simulation fails.
    """
    wiring = wire(graph)
    inputs = _inputs(graph, images)
    wanted = graph.outputs if tensors is None else tensors
    unknown = set(wanted) - set(graph.types)
    if unknown:
        raise GraphError(f"there is no tensor '{min(unknown)}'", where=graph.name)
    simulator = compile_csim(project_dir)
    computed = [name for name in wanted if name not in inputs]
    frames = len(next(iter(inputs.values())))
    workers = max(1, min(processes or len(os.sched_getaffinity(0)), frames // FRAMES_A_PROCESS))
    parts = [{name: part[k] for name, part in _split(inputs, workers).items()} for k in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda part: _simulate(simulator, Path(project_dir), wiring, part, computed), parts))
    results = {name: np.concatenate([part[name] for part in done]) for name in computed}
    return {name: inputs[name] if name in inputs else results[name] for name in wanted}


def compile_csim(project_dir: Path) -> Path:
    """The simulator of the project, from the user's cache if one was compiled from the very same files.

    Weights are read when it runs, so they do not count. Raises ToolError if the compiler is missing or refuses.
    """
    project = Path(project_dir)
    if not (project / "csim.cpp").is_file():
        raise ToolError("there is no hls4ml project", where=str(project), remedy="run `codesign export` first")
    sources = sorted(f for f in project.rglob("*") if f.suffix in {".cpp", ".h"})
    key = fingerprint(repr(FLAGS), *contents((str(f.relative_to(project)), f) for f in sources))
    return simulator(f"hls-{key}", lambda scratch: _compile(project, scratch))[0]


def _compile(project: Path, folder: Path) -> Path:
    program = (folder / "csim").resolve()
    command = ["g++", *FLAGS, "-I.", "-Ifirmware/ap_types", f"firmware/{TOP}.cpp", "csim.cpp", "-o", str(program)]
    done = programs.run(command, "g++", cwd=project)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        raise ToolError(
            f"g++ refuses the HLS sources: {errors[0] if errors else f'status {done.returncode}'}",
            where=str(project),
            remedy="undo changes made to them by hand, or export again",
        )
    return program


def _inputs(graph: Graph, images: IntArray | Mapping[str, IntArray]) -> dict[str, IntArray]:
    if not isinstance(images, Mapping):
        if len(graph.inputs) != 1:
            raise GraphError(f"has {len(graph.inputs)} inputs, give them by name", where=graph.name)
        images = dict.fromkeys(graph.inputs, images)
    for name, kind in graph.inputs.items():
        if name not in images or images[name].ndim != 4 or images[name].shape[1:] != kind.shape:
            raise GraphError(f"input '{name}' is missing, or is not (N, {', '.join(map(str, kind.shape))})")
    return {name: np.asarray(images[name]).astype(np.int32) for name in graph.inputs}


def _split(inputs: Mapping[str, IntArray], parts: int) -> dict[str, list[IntArray]]:
    return {name: np.array_split(array, parts) for name, array in inputs.items()}


def _simulate(
    simulator: Path, project: Path, wiring: Wiring, inputs: Mapping[str, IntArray], tensors: list[str]
) -> dict[str, IntArray]:
    """One process, in a scratch folder of its own."""
    frames = len(next(iter(inputs.values())))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, array in inputs.items():
            (folder / f"{wiring.tensors[name].name}.in").write_bytes(array.transpose(0, 2, 3, 1).tobytes())
        streams = [wiring.tensors[name].name for name in tensors]
        _call([str(simulator.resolve()), str(frames), str(folder), *streams], project)
        return {name: _read(folder, wiring, name, frames) for name in tensors}


def _call(command: list[str], project: Path) -> None:
    done = programs.run(command, "the C simulation", cwd=project / "firmware", preexec_fn=_unlimited_stack)
    said = (done.stderr + done.stdout).strip().splitlines()
    if done.returncode or said:  # the models of streams and weights report trouble only in words
        raise ToolError(
            f"C simulation failed with status {done.returncode}: {said[0] if said else 'no message'}",
            where=str(project),
            remedy="undo changes made to its files by hand, or export again",
        )


def _unlimited_stack() -> None:
    """Line buffers are local arrays, as HLS wants them."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))


def _read(folder: Path, wiring: Wiring, tensor: str, frames: int) -> IntArray:
    stream = wiring.tensors[tensor]
    values = np.fromfile(folder / f"{stream.name}.out", dtype=np.int32)
    if values.size != frames * stream.type.channels * stream.type.pixels:
        programs.check_room("the C simulation", folder)
        raise ToolError(
            f"C simulation gave {values.size} values of '{tensor}' for {frames} frames", remedy="export the graph again"
        )
    return np.ascontiguousarray(values.reshape(frames, *stream.shape).transpose(0, 3, 1, 2))
