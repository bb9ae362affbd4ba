"""Clock of every block of the library on an ECP5-85F, speed grade 6, placed and routed by nextpnr between registers.

    python benchmarks/ecp5_timing.py [WORD ...]

Blocks are cut out of a detector at 512x512 with W4A8: narrow and wide foldings of each. With words, only blocks whose
names contain one of them are run; results of the others are kept. Writes benchmarks/ecp5_timing.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from codesign.cost.base import Folding
from codesign.emit.rtl import _streamed, library
from codesign.emit.rtl.base import Block
from codesign.graph import Op, TensorType
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.upsample import Upsample
from codesign.graph.plugins import load
from codesign.resources import rtl_dir
from codesign.synthesis import place_and_route

GOAL_MHZ = 100.0
RESULT = Path(__file__).with_suffix(".json")
RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """A block of the graph, or, without an operator, a module of the stream library."""

    name: str
    block: Block


def activations(channels: int, size: int) -> TensorType:
    return TensorType((channels, size, size), 0, 255)


def dense(c_in: int, c_out: int, kernel: int = 1, stride: int = 1, bits: int = 4) -> Conv:
    top = 2 ** (bits - 1)
    weight = RNG.integers(1 - top, top, (c_out, c_in, kernel, kernel))
    return Conv(weight, RNG.integers(-2000, 2000, c_out), (1.0,), (stride, stride), (kernel // 2,) * 4)


def depthwise(channels: int, stride: int) -> Depthwise:
    weight = RNG.integers(-7, 8, (channels, 1, 3, 3))
    return Depthwise(weight, RNG.integers(-2000, 2000, channels), (1.0,), (stride, stride), (1, 1, 1, 1))


def deform(channels: int) -> Deform:
    return Deform(RNG.integers(-7, 8, (channels, 1, 3, 3)), RNG.integers(-2000, 2000, channels))


def emitted(op: Op, inputs: tuple[TensorType, ...], folding: Folding, **parameters: int) -> Case:
    """A block as it is emitted, but for `parameters`."""
    outputs = op.infer(*inputs)
    block: Block = load("codesign.emit.rtl", op.kind).block("block", op, inputs, outputs, folding)
    shapes = " ".join(map(str, inputs))
    words = " ".join(f"{key}={value}" for key, value in ({"pe": folding.pe, "simd": folding.simd} | parameters).items())
    changed = replace(block, parameters=dict(block.parameters) | parameters)
    return Case(f"{op.kind} {shapes} -> {outputs[0]} {words}", changed)


def streamed(op: Conv, x: TensorType, folding: Folding, tile: int) -> Case:
    outputs = op.infer(x)
    made = _streamed.block("block", op, (x,), outputs, folding, tile)
    return Case(f"streamed conv {x} -> {outputs[0]} pe={folding.pe} simd={folding.simd} tile={tile}", made.block)


def module(name: str, **parameters: int) -> Case:
    return Case(f"{name} {' '.join(f'{k}={v}' for k, v in parameters.items())}", Block(name, parameters, (), ()))


def cases() -> Iterator[Case]:
    yield module("stream_width", BITS=8, CHANNELS=58, IN_LANES=2, OUT_LANES=3)
    yield module("stream_fifo", WIDTH=8, DEPTH=64, BLOCK=0)
    yield module("stream_fifo", WIDTH=8, DEPTH=2048, BLOCK=1)
    yield module("stream_fork", WIDTH=8, READERS=3)
    yield emitted(Concat(), (activations(58, 64), activations(58, 64)), Folding(1, 1))
    yield emitted(Split((58, 58)), (activations(116, 64),), Folding(1, 1))
    yield emitted(Shuffle(2), (activations(464, 16),), Folding(1, 1))
    sums = TensorType((116, 32, 32), -(2**17), 2**17 - 1)
    yield emitted(Requant(np.array([9]), 0, 255, 512.0), (sums,), Folding(2, 2))
    varied = TensorType(sums.shape, sums.lo, sums.hi, tuple(2.0 ** -float(s) for s in range(6, 10)) * 29)
    shifts = np.tile(np.arange(6, 10), 29)
    for lanes in (1, 4):
        yield emitted(Requant(shifts, 0, 255, 1.0), (varied,), Folding(lanes, lanes))
        yield emitted(Upsample(2), (activations(64, 64),), Folding(lanes, lanes))
        yield emitted(MaxPool((3, 3), (2, 2), (1, 1, 1, 1)), (activations(24, 128),), Folding(lanes, lanes))
        yield emitted(Peak(16, -128), (TensorType((20, 128, 128), -128, 127),), Folding(lanes, lanes))
    for stride, lanes in ((1, 1), (2, 1), (1, 4)):
        yield emitted(depthwise(58, stride), (activations(58, 64),), Folding(lanes, lanes))
    for lanes in (1, 4):
        yield emitted(deform(64), (activations(64, 64), TensorType((1, 64, 64), -7, 8)), Folding(lanes, lanes))
    yield emitted(dense(58, 58), (activations(58, 64),), Folding(1, 1))
    for pack in (1, 0):  # two sums a slice need a multiplier of 25 x 18 bits, ECP5's has 18 x 18
        yield emitted(dense(58, 58), (activations(58, 64),), Folding(4, 1), PACK=pack)
        yield emitted(dense(58, 58), (activations(58, 64),), Folding(8, 2), PACK=pack)
    yield emitted(dense(3, 24, 3, 4, bits=8), (activations(3, 512),), Folding(8, 3))
    yield emitted(dense(16, 16, 3, bits=8), (activations(16, 64),), Folding(4, 4))
    linear = Linear(RNG.integers(-7, 8, (10, 784)), RNG.integers(-99, 99, 10))
    yield emitted(linear, (activations(16, 7),), Folding(2, 4), PACK=0)
    yield streamed(dense(232, 232), activations(232, 16), Folding(8, 4), 16)
    yield emitted(dense(464, 1024), (activations(464, 16),), Folding(8, 4), PACK=0)


def measure(case: Case) -> dict[str, object]:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for memory in case.block.memories:
            memory.write(Path(folder))
        files = library.sources([case.block.module], rtl_dir())
        placed = place_and_route(files, case.block.module, case.block.parameters, Path(folder), clock_mhz=GOAL_MHZ)
    start, end = placed.critical_ends
    return {
        "block": case.name,
        "clock_mhz": placed.clock_mhz,
        "used": dict(placed.used),
        "critical": {"from": start, "to": end, "path": [asdict(hop) for hop in placed.critical_path]},
        "seconds": round(time.perf_counter() - started, 1),
    }


def main(words: list[str]) -> None:
    kept = {r["block"]: r for r in json.loads(RESULT.read_text())["blocks"]} if RESULT.exists() else {}
    results = []
    for case in cases():
        if case.name in kept and words and not any(word in case.name for word in words):
            results.append(kept[case.name])
            continue
        result = measure(case)
        results.append(result)
        critical = result["critical"]
        print(f"{result['clock_mhz']:7.1f} MHz  {case.name}  {critical['from']} -> {critical['to']}", flush=True)
        device = {"part": "LFE5U-85F-6", "goal_mhz": GOAL_MHZ}
        RESULT.write_text(json.dumps({**device, "blocks": results}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
