"""Simulates an RTL project with Verilator at compiled speed; Python only starts it and reads what it recorded."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesign import processes
from codesign.board.records import BYTES, END, RECORD, Records
from codesign.emit.rtl import registers
from codesign.emit.rtl.cut import cut
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.top import template
from codesign.emit.rtl.verilator import FST, FST_LINK, SAIF_FLAGS, environment, verilator_version
from codesign.emit.simulators import contents, fingerprint, simulator
from codesign.errors import GraphError, ToolError
from codesign.graph import Graph, IntArray
from codesign.graph.heads import Heads, heads_of

HARNESS = Path(__file__).parent / "harness"
FLAGS = (
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--no-assert",
    "--no-timing",  # Vitis HLS writes delays of none
    "-Wno-fatal",
    "-Werror-PINMISSING",
    "--output-split",
    "15000",
)
FST_TRACE = ("--trace-fst", "-CFLAGS", f"-I../{FST_LINK}")
COMPILER = ("OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1")
MEMORY_LATENCY = (30, 30)
"""Least cycles between a read burst's address and its first beat, and how many more there may be."""

QUIET_CYCLES = 20_000
"""Cycles without a beat anywhere, beyond a frame interval and a block's latency, after which a network has stopped."""


@dataclass(frozen=True)
class Stalls:
    """Cycles, after the first frame has left the network, in which a stream's beats waited to be taken (blocked), and
    in which its reader awaited one (starved)."""

    blocked: int
    starved: int

    @property
    def blocked_share(self) -> float:
        """Of the cycles in which no beat passed for want of one side, those for want of the reader; 0 if none."""
        stalled = self.blocked + self.starved
        return self.blocked / stalled if stalled else 0.0


@dataclass(frozen=True, eq=False)
class Simulation:
    """What a simulation has shown.

    values: recorded tensors, (N, C, H, W) int32; of a design that sends peaks only, the outputs are as its records have
    them wherever there is a peak, by either account. interval_cycles: between the ends of the last two frames, 0 for a
    single frame. latency_cycles: of the first frame, first input beat to last output beat. cycles: in all.
    seconds: of the run; build_seconds: of the compilation, 0 if an earlier one was reused. passages: by tensor,
    (N, 2), the cycles of each frame's first and last beat. stalls: by tensor, where it leaves its producer; none unless
    counted.
    """

    values: dict[str, IntArray]
    interval_cycles: int
    latency_cycles: int
    cycles: int
    seconds: float
    build_seconds: float
    passages: dict[str, NDArray[np.int64]]
    stalls: dict[str, Stalls]


def simulate(
    rtl_dir: Path,
    graph: Graph,
    images_int: IntArray | Mapping[str, IntArray],
    *,
    tensors: Collection[str] | None = None,
    stall: float = 0.0,
    seed: int = 0,
    waves: Path | None = None,
    stalls: bool = False,
    cache: Path | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> Simulation:
    """Runs frames back to back through the project in `rtl_dir`.

    images_int: (N, C, H, W) integers, or one such array by input name. tensors: names of those to record besides the
    outputs, all if None. stall: probability with which each source pauses and each reader is not ready, in any cycle.
    waves: FST file to write, or, if its name ends in `.saif`, SAIF: how often every bit changes. stalls: count them on
    every stream. cache: folder of compiled simulators (default: that of the user's cache); one is reused as long as
    the SystemVerilog is the same, memory files are read at the start of each run. on_frame: called with the number of
    frames that have left the last output.
    Raises ToolError for a missing or failing compiler and for a deadlock, naming the streams that stand still.
    """
    project = RtlProject.load(rtl_dir)
    frames = _frames(graph, images_int)
    trace = () if waves is None else SAIF_FLAGS if waves.suffix == ".saif" else FST_TRACE
    binary, build_seconds = build(project, cache, trace=trace, stalls=stalls)
    wanted = set(graph.types) if tensors is None else {*tensors, *graph.outputs}
    with tempfile.TemporaryDirectory(prefix="codesign_rtl_") as scratch:
        run = _write_run(Path(scratch), project, frames, wanted, stall, seed, waves)
        started = time.perf_counter()
        report = run_harness(binary, run, project, on_frame)
        seconds = time.perf_counter() - started
        if "deadlock" in report:
            raise ToolError(_deadlock(project, report), where=str(project.folder))
        count = next(iter(frames.values())).shape[0]
        recorded = {s.tensor: s for s in project.tensors if s.tensor in wanted}
        recorded |= {} if project.sparse else {s.tensor: s for s in project.outputs}
        values = {name: _read(Path(scratch) / f"{s.id}.i32", s, count) for name, s in recorded.items()}
        if project.sparse:
            values |= _sent(Path(scratch) / f"{project.outputs[0].id}.i32", heads_of(graph), values, count)
    passages = {
        s.tensor: np.array(report[f"frames {s.id}"]).reshape(-1, 2) for s in (*project.tensors, *project.inputs)
    }
    ends = np.array([report[f"frames {s.id}"][1::2] for s in project.outputs]).max(axis=0)
    first = min(passages[s.tensor][0, 0] for s in project.inputs)
    interval = int(ends[-1] - ends[-2]) if count > 1 else 0
    counted = {s.tensor: Stalls(*report[f"stalls {s.id}"]) for s in project.tensors if stalls}
    latency = int(ends[0]) - int(first)
    return Simulation(values, interval, latency, report["cycles"][0], seconds, build_seconds, passages, counted)


def build(
    project: RtlProject, cache: Path | None = None, *, trace: tuple[str, ...] = (), stalls: bool = False
) -> tuple[Path, float]:
    """The compiled simulator of `project` and the seconds that its compilation took, 0 if it was there already.

    cache: folder of compiled simulators (default: the user's). trace: Verilator's options for what it records.
    """
    wrapper, top = _wrapper(project, stalls), _top(project, whole=bool(trace))
    flags = [*FLAGS, *trace]
    made_from = [(str(path.relative_to(project.folder)), path) for path in project.sources]
    made_from += [(path.name, path) for folder in (HARNESS, FST) for path in sorted(folder.iterdir())]
    key = fingerprint(verilator_version(), repr((flags, COMPILER, wrapper, top)), *contents(made_from))
    return simulator(f"rtl-{key}", lambda scratch: _compile(project, wrapper, top, flags, scratch), cache)


def _top(project: RtlProject, *, whole: bool) -> str:
    """The design's top, its streams cut so that blocks can be driven one by one, unless they are to stay whole."""
    text = project.sources[-1].read_text()
    return text if whole else cut(text, project.tensors)


def _compile(project: RtlProject, wrapper: str, top: str, flags: list[str], folder: Path) -> Path:
    """Everything is called by a plain name in `folder`: neither Make nor Verilator bears a blank in that of a file."""
    kit = Path(environment()["VERILATOR_ROOT"])
    for name, place in {"project": project.folder, "harness": HARNESS, FST_LINK: FST, "verilator": kit}.items():
        (folder / name).symlink_to(place.resolve())
    (folder / "network.sv").write_text(wrapper)
    (folder / project.sources[-1].name).write_text(top)
    sources = [f"project/{path.relative_to(project.folder)}" for path in project.sources[:-1]]
    sources += [*(f"harness/{path.name}" for path in sorted(HARNESS.glob("*.sv"))), project.sources[-1].name]
    command = [
        *("verilator_bin", "--cc", "--exe", "--top-module", "network", "--Mdir", "obj", *flags),
        *("-CFLAGS", "-std=c++17", *sources, "network.sv", "../harness/network.cpp"),
    ]
    _call(command, folder, project, "Verilator", VERILATOR_ROOT="verilator")
    plain = ("CURDIR=.", "VERILATOR_ROOT=../verilator")
    _call(["make", "-C", "obj", "-f", "Vnetwork.mk", "-j2", *COMPILER, *plain], folder, project, "the C++ compiler")
    return folder / "obj" / "Vnetwork"


def _call(command: list[str], folder: Path, project: RtlProject, what: str, **variables: str) -> None:
    done = processes.run(command, what, cwd=folder, env={**environment(), **variables})
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
        said = lines[0] if lines else done.stderr.strip()[-300:]
        raise ToolError(f"{what} failed: {said}", where=str(project.folder))


def _wrapper(project: RtlProject, stalls: bool) -> str:
    return template("network.sv.j2").render(
        top=project.top,
        inputs=list(project.inputs),
        outputs=list(project.outputs),
        probes=project.tensors,
        memory_words=project.weight_bytes // 8,
        control=registers.offset("CONTROL"),
        stalls=stalls,
    )


def _frames(graph: Graph, images: IntArray | Mapping[str, IntArray]) -> dict[str, IntArray]:
    by_name = dict(images) if isinstance(images, Mapping) else dict.fromkeys(graph.inputs, images)
    for name, kind in graph.inputs.items():
        array = by_name.get(name)
        if array is None or array.ndim != 4 or array.shape[1:] != kind.shape or not len(array):
            shape = None if array is None else array.shape
            raise GraphError(f"input '{name}' has shape {shape}, expected (N, {', '.join(map(str, kind.shape))})")
        if not kind.holds(array):
            raise GraphError(f"input '{name}' has values outside [{kind.lo}, {kind.hi}]")
    return by_name


def _write_run(
    folder: Path,
    project: RtlProject,
    frames: Mapping[str, IntArray],
    wanted: Collection[str],
    stall: float,
    seed: int,
    waves: Path | None,
) -> Path:
    """What the harness reads."""
    place_project(folder, project)
    count = next(iter(frames.values())).shape[0]
    lines = run_lines(project, stall, seed)
    if waves is not None:
        (folder / "waves").symlink_to(waves.resolve())
        lines.append("waves ../waves")
    for stream in project.inputs:
        lines.append(stream_line(stream, "input", count, write_frames(folder, stream, frames[stream.tensor])))
    role = "records" if project.sparse else "output"
    lines += [stream_line(stream, role, count, f"../{stream.id}.i32") for stream in project.outputs]
    shown = {stream.tensor for stream in project.outputs}
    for stream in project.tensors:
        kept = stream.tensor in wanted and stream.tensor not in shown
        lines.append(stream_line(stream, "inner", count, f"../{stream.id}.i32" if kept else "-"))
    run = folder / "run.txt"
    run.write_text("\n".join(lines) + "\n")
    return run


def place_project(folder: Path, project: RtlProject) -> None:
    """The harness runs in `folder/project`, so that no path, which may have blanks, is told to it."""
    inside = folder / "project"
    inside.mkdir()
    for entry in project.folder.resolve().iterdir():
        (inside / entry.name).symlink_to(entry)


def run_lines(project: RtlProject, stall: float, seed: int) -> list[str]:
    """What every run of the harness begins with."""
    quiet = QUIET_CYCLES + max(project.interval_cycles, project.slowest_cycles)
    return [f"run {stall} {seed} {quiet}", f"memory {MEMORY_LATENCY[0]} {MEMORY_LATENCY[1]} {int(stall * 256)}"]


def stream_line(stream: Stream, role: str, frames: int, file: str) -> str:
    """What the harness is to do with a stream: see `harness/network.cpp`."""
    channels, height, width = stream.shape
    fields = (stream.id, role, stream.lanes, stream.bits, int(stream.signed), channels, height * width, frames, file)
    return f"stream {' '.join(map(str, fields))} {stream.tensor}"


def write_frames(folder: Path, stream: Stream, frames: IntArray) -> str:
    """Writes (N, C, H, W) integers of a tensor for the harness to play; returns the file's name."""
    carried = (frames - stream.base) // stream.step
    path = folder / f"{stream.id}.i32"
    path.write_bytes(carried.transpose(0, 2, 3, 1).astype("<i4").tobytes())
    return f"../{path.name}"


def run_harness(
    binary: Path, run: Path, project: RtlProject, on_frame: Callable[[int], None] | None
) -> dict[str, list[int]]:
    """Lines of the harness's report by their leading words, `deadlock` among them if it stopped before its end."""
    report: dict[str, list[int]] = {}
    log = run.with_suffix(".log")
    command = [str(binary.resolve()), f"../{run.name}"]
    with (
        log.open("w+") as errors,
        processes.running(
            command, "the simulation", cwd=run.parent / "project", stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        for line in process.stdout or ():
            words = line.split()
            if words[0] == "frame" and on_frame is not None:
                on_frame(int(words[1]))
            keyed = words[0] in ("frames", "state", "stalls")
            report[" ".join(words[: 1 + keyed])] = [int(word) for word in words[1 + keyed :]]
    processes.check("the simulation", process.returncode, log.read_text(errors="replace"), run.parent)
    if (process.returncode and "deadlock" not in report) or "cycles" not in report:
        text = log.read_text(errors="replace").strip()
        said = text.splitlines()[-1] if text else f"status {process.returncode}"
        raise ToolError(f"the simulation failed: {said}", where=str(project.folder))
    return report


def _deadlock(project: RtlProject, report: Mapping[str, list[int]]) -> str:
    """Names the streams that stand still: offered but not taken, and, in front of idle readers, not offered."""
    blocked, starved = [], []
    for stream in (*project.tensors, *project.outputs):
        valid, ready, beats = report[f"state {stream.id}"]
        if valid and not ready:
            blocked.append(f"{stream.tensor} ({beats} beats)")
        elif ready and not valid:
            starved.append(f"{stream.tensor} ({beats} beats)")
    return (
        f"deadlock at cycle {report['deadlock'][0]}; offered and not taken: {', '.join(blocked) or 'none'}; "
        f"awaited: {', '.join(starved) or 'none'}"
    )


def _sent(path: Path, heads: Heads, values: Mapping[str, IntArray], count: int) -> dict[str, IntArray]:
    """The outputs, the heat map made of the records alone, the others with what the records say at their peaks.

    Raises ToolError if the records of a frame are none.
    """
    words = np.fromfile(path, dtype="<i4").astype("<u2").view(np.uint8).reshape(-1, BYTES)
    ends = np.flatnonzero(words.view(RECORD)["label"] == END)[:count] + 1
    reader = Records({"dma": "", "dma_address": 0, "shape": heads.shape, "floor": heads.floor, "scale": {}})
    sent = {tensor: values[tensor].copy() for tensor in heads.names.values()}
    for frame, (begin, end) in enumerate(pairwise((0, *ends))):
        try:
            maps = reader.unpack(words[begin:end].reshape(-1))
        except ValueError as error:
            raise ToolError(f"frame {frame} of the records of peaks: {error}", where=str(path)) from None
        sent[heads.heat][frame] = maps["heat"]
        peaks = (maps["heat"] != heads.floor).any(axis=0)
        for head in ("size", "offset"):
            sent[heads.names[head]][frame][:, peaks] = maps[head][:, peaks]
    return sent


def _read(path: Path, stream: Stream, count: int) -> IntArray:
    """Recorded values as (N, C, H, W); a tensor may be ahead of the outputs, what is past `count` frames is dropped.

    Raises ToolError if there are fewer.
    """
    channels, height, width = stream.shape
    size = count * channels * height * width
    flat = np.fromfile(path, dtype="<i4", count=size)
    if flat.size != size:
        processes.check_room("the simulation", path.parent)
        raise ToolError(f"only {flat.size} of {size} values of tensor '{stream.tensor}' have passed", where=str(path))
    frames = flat.reshape(count, height, width, channels).transpose(0, 3, 1, 2).astype(np.int32)
    return stream.base + stream.step * frames
