"""Simulates an RTL project with Verilator at compiled speed; Python only starts it and reads what it recorded."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesign import processes
from codesign.board.records import BYTES, END, RECORD, Records
from codesign.emit.rtl.base import template
from codesign.emit.rtl.cut import cut
from codesign.emit.rtl.harness_report import Report, run_harness, why_stopped
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.protocol import WEIGHTS_BASE, Violation, misread, told
from codesign.emit.rtl.run_file import Conduct, play_line, record_line, values_file, write_run
from codesign.emit.rtl.traffic import Traffic, even, first_frames, frames_of
from codesign.emit.rtl.verilator import FST, FST_LINK, SAIF_FLAGS, environment, verilator_version
from codesign.emit.simulators import contents, fingerprint, simulator
from codesign.errors import GraphError, ToolError
from codesign.graph import Graph, IntArray
from codesign.graph.heads import Heads, heads_of

HARNESS = Path(__file__).parent / "harness"
FLAGS = (
    "-O3",
    "--x-assign",
    "unique",
    "--x-initial",
    "unique",  # a run decides between 0 and random values
    "--assert",
    "--no-timing",  # Vitis HLS writes delays of none
    "-Wno-fatal",
    "-Werror-PINMISSING",
    "--output-split",
    "15000",
)
FST_TRACE = ("--trace-fst", "-CFLAGS", f"-I../{FST_LINK}")
COMPILER = ("OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1")
ONE_FILE_BYTES = 2 << 20
"""Less C++ than this compiles sooner as one file than in parts, side by side, with two precompiled headers."""

SETTLING_CYCLES = 256
"""For which a run that is watched goes on after its last frame."""


@dataclass(frozen=True)
class Stalls:
    """Cycles, after the first frame has left the network, in which a stream's beats waited to be taken (blocked), and
    in which its reader awaited one (starved)."""

    blocked: int
    starved: int

    @property
    def blocked_share(self) -> float:
        """The part for want of the reader of the cycles in which no beat passed for want of one side; 0 if none."""
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
    counted. violations: of the protocol of its streams.
    """

    values: dict[str, IntArray]
    interval_cycles: int
    latency_cycles: int
    cycles: int
    seconds: float
    build_seconds: float
    passages: dict[str, NDArray[np.int64]]
    stalls: dict[str, Stalls]
    violations: tuple[Violation, ...]


@dataclass(frozen=True, eq=False)
class Played:
    """Frames that a simulation has played; what it recorded of them is read when it is asked for.

    stop: why it ended early, None if it did not. frames: that passed whole on all recorded streams, in the order in
    which they were played. cycles: in all. passages: by tensor, as in `Simulation`, of all frames that have passed.
    ends: the cycle in which each frame had left all outputs.
    """

    project: RtlProject
    graph: Graph
    folder: Path
    recorded: tuple[Stream, ...]
    stop: str | None
    frames: int
    cycles: int
    seconds: float
    build_seconds: float
    passages: dict[str, NDArray[np.int64]]
    ends: tuple[int, ...]
    stalls: dict[str, Stalls]
    violations: tuple[Violation, ...]

    def values(self, start: int, stop: int) -> dict[str, IntArray]:
        """Recorded tensors of frames `start` to `stop`, (N, C, H, W) int32, as in `Simulation`."""
        values = {s.tensor: _read(values_file(self.folder, s), s, start, stop) for s in self.recorded}
        if self.project.sparse:
            records = values_file(self.folder, self.project.outputs[0])
            values |= sent(records, heads_of(self.graph), values, start, stop)
        return values

    def latency_cycles(self, frame: int) -> int:
        """From the first beat in of that frame to its last beat out."""
        return self.ends[frame] - int(min(self.passages[s.tensor][frame, 0] for s in self.project.inputs))


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
    frames that have left the first output.
    Raises ToolError for a missing or failing compiler, for an assertion of the design that fails, and for a deadlock,
    naming the streams that stand still.
    """
    project = RtlProject.load(rtl_dir)
    images = _frames(graph, images_int)
    count = next(iter(images.values())).shape[0]
    traffic = even(project, count, stall)
    options = Options(seed=seed, waves=waves, stalls=stalls, cache=cache)
    with play(project, graph, images, traffic, tensors=tensors, options=options, on_frame=on_frame) as played:
        if played.stop is not None:
            raise ToolError(played.stop, where=str(project.folder))
        values = played.values(0, count)
    ends = played.ends
    interval = ends[-1] - ends[-2] if count > 1 else 0
    times = (played.cycles, played.seconds, played.build_seconds)
    return Simulation(
        values, interval, played.latency_cycles(0), *times, played.passages, played.stalls, played.violations
    )


@dataclass(frozen=True)
class Options:
    """How a simulation runs; what is called as in `simulate` means the same.

    watched: also read the registers after each reset and at the end, look for beats after the last frame, and let
    what no reset sets begin at random. plusargs: as in `run_harness`.
    """

    seed: int = 0
    waves: Path | None = None
    stalls: bool = False
    cache: Path | None = None
    watched: bool = False
    plusargs: Sequence[str] = ()


@contextmanager
def play(
    project: RtlProject,
    graph: Graph,
    images: Mapping[str, IntArray],
    traffic: Traffic,
    *,
    tensors: Collection[str] | None = None,
    options: Options,
    on_frame: Callable[[int], None] | None = None,
) -> Iterator[Played]:
    """Plays `images`, by input, over and over through a project, as `traffic` has it; what is recorded lasts as long as
    the context.

    Raises ToolError for a missing or failing compiler. A deadlock or an assertion of the design ends the run early.
    """
    waves = options.waves
    trace = () if waves is None else SAIF_FLAGS if waves.suffix == ".saif" else FST_TRACE
    binary, build_seconds = build(project, options.cache, trace=trace, stalls=options.stalls)
    wanted = set(graph.types) if tensors is None else {*tensors, *graph.outputs}
    with tempfile.TemporaryDirectory(prefix="codesign_rtl_") as scratch:
        run = _write_run(Path(scratch), project, images, wanted, traffic, options)
        started = time.perf_counter()
        report = run_harness(binary, run, project, on_frame, options.plusargs)
        seconds = time.perf_counter() - started
        shown = {s.tensor: s for s in project.tensors if s.tensor in wanted}
        shown |= {} if project.sparse else {s.tensor: s for s in project.outputs}
        yield _played(project, graph, Path(scratch), tuple(shown.values()), report, traffic, (seconds, build_seconds))


def _played(
    project: RtlProject,
    graph: Graph,
    folder: Path,
    recorded: tuple[Stream, ...],
    report: Report,
    traffic: Traffic,
    seconds: tuple[float, float],
) -> Played:
    streams = (*project.tensors, *project.inputs)
    passages = {s.tensor: np.array(report.streams["frames", s.id], dtype=np.int64).reshape(-1, 2) for s in streams}
    out = [report.streams["frames", s.id][1::2] for s in project.outputs]
    whole = min(len(report.streams["frames", s.id]) // 2 for s in (*recorded, *project.outputs))
    ends = tuple(max(cycles) for cycles in zip(*out, strict=False))
    came = [report.streams["frames", s.id][::2] for s in project.inputs]
    begins = tuple(min(cycles) for cycles in zip(*came, strict=False))
    stalls = {
        s.tensor: Stalls(*report.streams["stalls", s.id]) for s in project.tensors if ("stalls", s.id) in report.streams
    }
    violations = list(told(report.violations, project))
    frames = min(whole, frames_of(traffic))
    if report.stop is None:
        violations += misread(report.registers, project, begins, ends, first_frames(traffic))
    stop = None if report.stop is None else why_stopped(report, project)
    facts = (stop, frames, report.cycles, *seconds, passages, ends, stalls, tuple(violations))
    return Played(project, graph, folder, recorded, *facts)


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
    plain = ["CURDIR=.", "VERILATOR_ROOT=../verilator"]
    if sum(file.stat().st_size for file in (folder / "obj").glob("*.cpp")) < ONE_FILE_BYTES:
        plain.append("VM_PARALLEL_BUILDS=0")
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
        weights_base=WEIGHTS_BASE,
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
    images: Mapping[str, IntArray],
    wanted: Collection[str],
    traffic: Traffic,
    options: Options,
) -> Path:
    frames = frames_of(traffic)
    lines = [play_line(folder, s, images[s.tensor], frames) for s in project.inputs]
    role = "records" if project.sparse else "output"
    lines += [record_line(s, role, frames) for s in project.outputs]
    kept = set(wanted) - {s.tensor for s in project.outputs}
    lines += [record_line(s, "inner", frames, kept=s.tensor in kept) for s in project.tensors]
    checked = options.watched and not project.foreign
    settle = SETTLING_CYCLES * options.watched
    conduct = Conduct(
        options.seed, random=checked and not project.netlist, read=checked, settle=settle, waves=options.waves
    )
    return write_run(folder, project, traffic, lines, conduct)


def sent(path: Path, heads: Heads, values: Mapping[str, IntArray], start: int, stop: int) -> dict[str, IntArray]:
    """The outputs, the heat map made of the records alone, the others with what the records say at their peaks.

    values: of frames `start` to `stop`, of which those are made that have passed. Raises ToolError if the records of a
    frame are none.
    """
    words = np.fromfile(path, dtype="<i4").astype("<u2").view(np.uint8).reshape(-1, BYTES)
    ends = np.flatnonzero(words.view(RECORD)["label"] == END) + 1
    reader = Records({"dma": "", "dma_address": 0, "shape": heads.shape, "floor": heads.floor, "scale": {}})
    bounds = (0, *ends)[start : stop + 1]
    made = {tensor: values[tensor][: len(bounds) - 1].copy() for tensor in heads.names.values()}
    for frame, (begin, end) in enumerate(pairwise(bounds)):
        try:
            maps = reader.unpack(words[begin:end].reshape(-1))
        except ValueError as error:
            raise ToolError(f"frame {start + frame} of the records of peaks: {error}", where=str(path)) from None
        made[heads.heat][frame] = maps["heat"]
        peaks = (maps["heat"] != heads.floor).any(axis=0)
        for head in ("size", "offset"):
            made[heads.names[head]][frame][:, peaks] = maps[head][:, peaks]
    return made


def _read(path: Path, stream: Stream, start: int, stop: int) -> IntArray:
    """Recorded values of frames `start` to `stop` as (N, C, H, W). Raises ToolError if there are fewer."""
    channels, height, width = stream.shape
    frame = channels * height * width
    size = (stop - start) * frame
    flat = np.fromfile(path, dtype="<i4", count=size, offset=4 * start * frame)
    if flat.size != size:
        processes.check_room("the simulation", path.parent)
        raise ToolError(f"only {flat.size} of {size} values of tensor '{stream.tensor}' have passed", where=str(path))
    frames = flat.reshape(stop - start, height, width, channels).transpose(0, 3, 1, 2).astype(np.int32)
    return stream.base + stream.step * frames
