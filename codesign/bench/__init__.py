"""Runs blocks of the RTL library between stream sources and sinks, and compares them with the integer graph.

All cases of one call share one Verilator build, side by side in a generated top; the sources and sinks are
SystemVerilog too, so that simulation runs at compiled speed. Builds are kept in `sim_build/`, named by a hash of what
they were made from; data and memory files are read at run time and belong to the run.

It needs cocotb, which `pip install codesign[dev]` brings. Operators of other packages are benched alike.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import numpy as np
from cocotb_tools.runner import get_runner
from numpy.typing import NDArray

from codesign import plugins
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Block, Memory, Port, Source, literal
from codesign.emit.rtl.simulate import HARNESS
from codesign.emit.rtl.verilator import FST, FST_FLAGS, environment
from codesign.graph import IntArray, Op, TensorType
from codesign.hardware.folding import Folding
from codesign.resources import rtl_dir

HERE = Path(__file__).parent
BUILDS = Path("sim_build")
"""Where simulators are kept."""
MODULES: tuple[Path, ...] = ()
"""Folders of modules that are in no library, such as a test's own."""
WAVES = False
"""Keep `dump.fst` in the run's folder, whose name is printed."""

STALLS = ((0, 0), (128, 128), (16, 208))
"""Per run: how often, in 256ths, each source pauses and each sink is not ready. The first must be (0, 0)."""

QUICK_BUILD = ("-O2", "--output-split", "0", "-CFLAGS", "-O0")
"""Verilator's options where few cycles run: one file, hence no precompiled headers, and nothing for g++ to optimize."""

VERILATOR = ("-Wall", "--assert", "--no-public-flat-rw", "--x-initial", "unique", *QUICK_BUILD)


@dataclass(frozen=True, eq=False)
class RawFile:
    """A file of bytes beside the memory files of a block."""

    file: str
    content: bytes

    def write(self, folder: Path) -> None:
        (folder / self.file).write_bytes(self.content)


@dataclass(frozen=True, eq=False)
class Streams:
    """A block with its input frames and the output frames it must give: arrays (N, C, H, W), one a port.

    interval_cycles, latency_cycles: what must be measured without stalls, the former but for so many cycles as
    `tolerance`; None where that is not checked.
    """

    label: str
    block: Block
    inputs: Sequence[IntArray]
    outputs: Sequence[IntArray]
    interval_cycles: int | None = None
    latency_cycles: int | None = None
    seed: int = 0
    tolerance: int = 0

    @property
    def frames(self) -> int:
        return len(self.inputs[0])


@dataclass(frozen=True, eq=False)
class Case:
    """An operator on random frames; its output, interval and latency must be what graph and cost model say."""

    op: Op
    inputs: Sequence[TensorType]
    folding: Folding = Folding()  # noqa: RUF009
    frames: int = 3
    seed: int = 0

    def streams(self, name: str) -> Streams:
        rng = np.random.default_rng(self.seed)
        outputs = self.op.infer(*self.inputs)
        frames = [random_frames(rng, kind, self.frames) for kind in self.inputs]
        emit = plugins.load("codesign.emit.rtl.ops", self.op.kind)
        cost = plugins.load("codesign.cost.ops", self.op.kind).cost(self.op, self.inputs, outputs, self.folding)
        lanes = plugins.load("codesign.hardware.ops", self.op.kind).lanes(self.op, self.inputs, outputs, self.folding)
        block = emit.block(name, self.op, self.inputs, outputs, self.folding)
        built = f"pe={self.folding.pe} simd={self.folding.simd} taps={self.folding.taps}"
        label = f"{self.op.kind} {', '.join(map(str, self.inputs))} {built}"
        assert (lanes.inputs, lanes.outputs) == (
            tuple(p.lanes for p in block.inputs),
            tuple(p.lanes for p in block.outputs),
        ), f"{label}: the schedule's lanes {lanes} are not the block's"
        return Streams(
            label, block, frames, self.op.execute(*frames), cost.interval_cycles, cost.latency_cycles, self.seed
        )


def random_frames(rng: np.random.Generator, kind: TensorType, count: int) -> IntArray:
    """(count, C, H, W) int32, a quarter of them at the ends of the range, where arithmetic overflows first."""
    shape = (count, *kind.shape)
    uniform = kind.lo + kind.step * rng.integers(0, kind.levels, shape)
    ends = rng.choice([kind.lo, kind.hi], shape)
    return np.where(rng.random(shape) < 0.25, ends, uniform).astype(np.int32)


def check(op: Op, inputs: Sequence[TensorType], folding: Folding, *, frames: int = 3, seed: int = 0) -> None:
    """`check_all` of one case."""
    check_all([Case(op, inputs, folding, frames, seed)])


def check_all(cases: Iterable[Case]) -> None:
    """Builds, runs and compares all cases in one simulation; AssertionError names each one that differs and where."""
    check_streams([case.streams(f"case{index}") for index, case in enumerate(cases)])


def check_streams(cases: Sequence[Streams]) -> None:
    """As `check_all`, for blocks that are no operator's."""
    with _simulated(cases) as run:
        problems = [line for index, case in enumerate(cases) for line in _problems(case, index, run)]
        stuck = json.loads((run / "stuck.json").read_text())
    if stuck:
        problems.insert(0, f"nothing moved any more with stalls {', '.join(str(STALLS[i]) for i in stuck)}")
    assert not problems, "\n".join(problems)


def timings(cases: Sequence[Streams]) -> list[dict[str, int]]:
    """Interval and latency of each case as simulated without stalls, in cycles, by the names that `Streams` has."""
    with _simulated(cases) as run:
        return [_timing(case, index, run) for index, case in enumerate(cases)]


@contextmanager
def _simulated(cases: Sequence[Streams]) -> Iterator[Path]:
    """The folder in which all cases have been simulated; gone afterwards unless its waveform is wanted."""
    sources = [source for case in cases for source in case.block.sources]
    build = _build(_top(cases), {case.block.module for case in cases}, sources)
    run = Path(tempfile.mkdtemp(prefix="bench_"))
    try:
        for index, case in enumerate(cases):
            _write_files(case, index, run)
        _simulate(build, run)
        yield run
    finally:
        if WAVES:
            print(f"waveform: {run / 'dump.fst'}")
        else:
            shutil.rmtree(run)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(HERE)
    jinja = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return jinja.get_template("top.sv.j2")


def _wires(case: Streams, index: int) -> list[dict[str, Any]]:
    """The streams of a case as the template wants them."""
    wires: list[dict[str, Any]] = []
    for is_input, ports, arrays in ((True, case.block.inputs, case.inputs), (False, case.block.outputs, case.outputs)):
        for number, (port, array) in enumerate(zip(ports, arrays, strict=True)):
            name = f"{'in' if is_input else 'out'}{number}"
            _, channels, height, width = array.shape
            wires.append(
                {
                    "is_input": is_input,
                    "port": name,
                    "name": f"case{index}_{name}",
                    "width": port.width,
                    "beats": math.ceil(channels / port.lanes) * height * width,
                    "seed": 1 + (case.seed * 7919 + index * 104729 + len(wires) * 1299709) % 0x7FFFFFFF,
                }
            )
    return wires


def _top(cases: Sequence[Streams]) -> str:
    """The generated top: everything that determines the build besides the library."""
    described: list[dict[str, Any]] = []
    streams = sinks = 0
    for index, case in enumerate(cases):
        wires = _wires(case, index)
        for wire in wires:
            wire["index"], wire["sink"] = streams, sinks
            streams += 1
            sinks += not wire["is_input"]
        described.append(
            {
                "label": case.label,
                "name": f"case{index}",
                "module": case.block.module,
                "parameters": {key: literal(value) for key, value in case.block.parameters.items()},
                "frames": case.frames,
                "wires": wires,
                "streams": len(wires),
                "sinks": len(case.outputs),
            }
        )
    slowest = max((case.interval_cycles or 0) + (case.latency_cycles or 0) for case in cases)
    return _template().render(cases=described, patience=max(4096, 8 << slowest.bit_length()))


def _build(top: str, modules: set[str], sources: Sequence[Source]) -> Path:
    """Folder of the simulator for this top; built unless an equal one is there. Safe when several processes build."""
    builds = BUILDS.resolve()
    builds.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="building_", dir=builds))
    for source in sources:
        source.write(folder)
    files = library.sources({*modules, "stream_source", "stream_sink"}, rtl_dir(), HERE, HARNESS, *MODULES, folder)
    waves = (*FST_FLAGS, "--trace-structs") if WAVES else ()
    used = [*files, *(sorted(FST.iterdir()) if WAVES else ())]
    recipe = [top, repr((VERILATOR, waves)), *(path.name + path.read_text() for path in used)]
    target = builds / hashlib.sha256("\0".join(recipe).encode()).hexdigest()[:20]
    if target.exists():
        shutil.rmtree(folder)
        return target
    (folder / "bench_top.sv").write_text(top)
    os.environ.update(environment())
    try:
        get_runner("verilator").build(
            sources=[*files, folder / "bench_top.sv"],
            hdl_toplevel="bench_top",
            build_dir=folder,
            build_args=[*VERILATOR, *waves],
            waves=WAVES,
            log_file=folder / "build.log",
        )
    except (RuntimeError, SystemExit):
        log = (folder / "build.log").read_text()
        shutil.rmtree(folder)
        raise AssertionError(f"the build failed:\n{log[-6000:]}") from None
    try:
        folder.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(folder)
    return target


def _simulate(build: Path, run: Path) -> None:
    """Runs the stall patterns; AssertionError with the simulator's last words if it stops early."""
    log = run / "run.log"
    try:
        results = get_runner("verilator").test(
            test_module="codesign.bench_driver",
            hdl_toplevel="bench_top",
            hdl_toplevel_lang="verilog",
            build_dir=build,
            test_dir=run,
            results_xml=str(run / "results.xml"),
            plusargs=["+verilator+rand+reset+2"],
            extra_env={"BENCH_STALLS": json.dumps(STALLS), "COCOTB_LOG_LEVEL": "WARNING"},
            waves=WAVES,
            log_file=log,
        )
        failed = ElementTree.parse(results).getroot().iter("failure")
        assert not list(failed)
    except (RuntimeError, SystemExit, AssertionError, OSError, ElementTree.ParseError):
        raise AssertionError(f"the simulation failed:\n{log.read_text()[-6000:]}") from None


def _write_files(case: Streams, index: int, run: Path) -> None:
    """Memory files of the block and beats of its sources; lanes past the last channel are noise."""
    rng = np.random.default_rng(case.seed + 1)
    for memory in case.block.memories:
        assert not (run / memory.file).exists(), f"{case.label}: two memory files are called {memory.file}"
        memory.write(run)
    for number, (port, array) in enumerate(zip(case.block.inputs, case.inputs, strict=True)):
        beats = _beats(
            (array.astype(np.int64) - port.base) // port.step, port.lanes, rng.integers(0, 1 << port.bits, 4096)
        )
        (run / f"case{index}_in{number}").write_text(Memory("", beats, port.bits).text())


def _beats(array: NDArray[np.int64], lanes: int, noise: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, C, H, W) as stream beats (N * H * W * ceil(C / lanes), lanes), padded lanes filled from `noise`."""
    pixels = array.transpose(0, 2, 3, 1).reshape(-1, array.shape[1])
    spare = -array.shape[1] % lanes
    padding = np.resize(noise, (len(pixels), spare)) if spare else np.empty((len(pixels), 0), np.int64)
    return np.concatenate([pixels, padding], axis=1).reshape(-1, lanes)


def _frames(beats: Sequence[int], port: Port, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """The integers that beats stand for, without the padding; two's complement where the port is signed."""
    mask = (1 << port.bits) - 1
    lanes = np.array([[beat >> (port.bits * lane) & mask for lane in range(port.lanes)] for beat in beats], np.int64)
    if port.signed:
        lanes -= (lanes >> (port.bits - 1)) << port.bits
    n, channels, height, width = shape
    pixels = lanes.reshape(n * height * width, -1)[:, :channels]
    return port.base + port.step * pixels.reshape(n, height, width, channels).transpose(0, 3, 1, 2)


def _read(path: Path) -> list[int]:
    lines = path.read_text().splitlines()
    return [int(line, 16) for line in lines if line and not line.startswith(("//", "@"))]


def _problems(case: Streams, index: int, run: Path) -> list[str]:
    """What is wrong with a case, one line each; at most one per run and output."""
    lines = []
    for pattern, stalls in enumerate(STALLS):
        for number, (port, expected) in enumerate(zip(case.block.outputs, case.outputs, strict=True)):
            stem = run / f"case{index}_out{number}"
            beats, count = _read(Path(f"{stem}.data.{pattern}")), _read(Path(f"{stem}.count.{pattern}"))[0]
            if count != len(beats):
                lines.append(f"{case.label}: out{number} gave {count} of {len(beats)} beats with stalls {stalls}")
                continue
            got = _frames(beats, port, expected.shape)
            wrong = np.argwhere(got != expected)
            if len(wrong):
                at = tuple(int(i) for i in wrong[0])
                lines.append(
                    f"{case.label}: out{number} is wrong in {len(wrong)} of {got.size} places with stalls {stalls}; "
                    f"first at (n, c, y, x) = {at}: expected {expected[at]}, got {got[at]}"
                )
    if not lines:
        lines += _timing_problems(case, index, run)
    return lines


def _timing(case: Streams, index: int, run: Path) -> dict[str, int]:
    """What the unstalled run took: latency of the first frame, interval between starts or ends of the last two frames.

    The longer one: the last frame may end sooner than others, since none follows it.
    """
    starts = [_read(run / f"case{index}_in{number}.first.0")[0] for number in range(len(case.inputs))]
    cycles = [_read(run / f"case{index}_out{number}.cycles.0") for number in range(len(case.outputs))]
    return {
        "interval_cycles": max(max(c[end] for c in cycles) - max(c[end - 2] for c in cycles) for end in (-1, -2)),
        "latency_cycles": min(c[0] for c in cycles) - min(starts),
    }


def _timing_problems(case: Streams, index: int, run: Path) -> list[str]:
    """What of the unstalled run's timing is not as predicted."""
    return [
        f"{case.label}: measured {name} = {value}, predicted {predicted}"
        for name, value in _timing(case, index, run).items()
        if (predicted := getattr(case, name)) is not None
        and abs(predicted - value) > (case.tolerance if name == "interval_cycles" else 0)
    ]
