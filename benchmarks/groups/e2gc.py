"""Group sizes of three small stacks: simulated cycles and synthesized resources against the model's prediction.

    python -m benchmarks.groups.e2gc [--stack mobilenet] [--sizes 1,2,4]

Every size is scheduled within the same budget, emitted, simulated with random frames (which must equal the integer
graph's) and synthesized for xc7. The measured point is the model's own with simulated cycles and synthesized resources
in place of the predicted ones. Those nearest to the chosen size come first, and the file is written after each. What
is done is kept in `--work` and not done again.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from math import log2
from pathlib import Path

import numpy as np

from benchmarks import record
from codesign.api.synth import compare
from codesign.cost.block import BlockCost
from codesign.design import design_of
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, Node, Op, TensorType, execute
from codesign.graph.convolution import convolution
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.schedule import Resources, schedule
from codesign.synthesis import synthesize_network
from codesign.targets import Target, load_target
from codesign.tuning.group_size import Point, Stack, best, curve, merit, point

HERE = Path(__file__).parent
SIZES = (1, 2, 4, 8, 16, 32, 64)
TARGET = "pynq-z2"
MAX_DSP = 48
FRAMES = 4


class Builder:
    """A chain of quantized convolutions with random 4-bit weights on 8-bit activations."""

    def __init__(self, name: str, channels: int, size: int) -> None:
        self.name = name
        self.rng = np.random.default_rng(1)
        self.inputs = {"x": TensorType((channels, size, size), 0, 255)}
        self.nodes: list[Node] = []

    def add(self, name: str, op: Op, *inputs: str) -> str:
        self.nodes.append(Node(name, op, inputs))
        return name

    def conv(
        self, name: str, x: str, inputs: int, outputs: int, kernel: int, group_size: int | None = None, stride: int = 1
    ) -> str:
        """`group_size` input channels a group; all of them unless given."""
        groups = 1 if group_size is None else inputs // group_size
        weight = self.rng.integers(-7, 8, (outputs, inputs // groups, kernel, kernel))
        bias = self.rng.integers(-200, 200, outputs)
        shift = int(np.log2(4 * np.sqrt(weight[0].size)))
        op = convolution(weight, bias, (2.0**-shift,), (stride, stride), (kernel // 2,) * 4, groups=groups)
        return self.add(f"{name}.act", Requant([shift], 0, 255, 1.0), self.add(name, op, x))

    def shuffle(self, name: str, x: str, groups: int) -> str:
        return x if groups == 1 else self.add(name, Shuffle(groups), x)

    def graph(self, output: str) -> Graph:
        return Graph(self.name, self.inputs, tuple(self.nodes), (output,))


def mobilenet(size: int) -> Graph:
    """Two separable blocks, their depthwise convolutions replaced by group convolutions."""
    b = Builder("mobilenet", 64, 12)
    x = b.conv("block1.spatial", "x", 64, 64, 3, size)
    x = b.conv("block1.pointwise", x, 64, 128, 1)
    x = b.conv("block2.spatial", x, 128, 128, 3, size, stride=2)
    return b.graph(b.conv("block2.pointwise", x, 128, 128, 1))


def resnext(size: int) -> Graph:
    """Two bottlenecks."""
    b = Builder("resnext", 128, 10)
    x = "x"
    for block in ("block1", "block2"):
        x = b.conv(f"{block}.reduce", x, 128, 64, 1)
        x = b.conv(f"{block}.spatial", x, 64, 64, 3, size)
        x = b.conv(f"{block}.expand", x, 64, 128, 1)
    return b.graph(x)


def shufflenet(size: int) -> Graph:
    """A ShuffleNet unit on half of the channels, grouped pointwise convolutions on both sides of a shuffle, and 1x1."""
    b = Builder("shufflenet", 128, 12)
    halves = b.add("unit.split", Split((64, 64)), "x")
    x = b.conv("unit.reduce", f"{halves}.1", 64, 64, 1, size)
    x = b.shuffle("unit.shuffle", x, 64 // size)
    x = b.conv("unit.depthwise", x, 64, 64, 3, 1)
    x = b.conv("unit.expand", x, 64, 64, 1, size)
    x = b.add("unit.interleave", Interleave(), f"{halves}.0", x)
    return b.graph(b.conv("last", x, 128, 64, 1))


SOURCES = ("benchmarks/groups/*.py", *record.SCHEDULER, *record.RTL)

STACKS: dict[str, tuple[Callable[[int], Graph], tuple[str, ...]]] = {
    "mobilenet": (mobilenet, ("block1.spatial", "block2.spatial")),
    "resnext": (resnext, ("block1.spatial", "block2.spatial")),
    "shufflenet": (shufflenet, ("unit.reduce", "unit.expand")),
}


def measured(stack: Stack, size: int, target: Target, max_dsp: int, work: Path) -> tuple[Point, dict[str, int]]:
    """The point with simulated cycles and synthesized resources, and the blocks' simulated values' mismatches."""
    graph = stack.build(size)
    plan = schedule(graph, target, max_dsp=max_dsp)
    design = design_of(graph, target, plan)
    folder = emit_rtl(design, work / f"{stack.name}-{size}" / "rtl").folder
    (kind,) = graph.inputs.values()
    frames = np.random.default_rng(2).integers(0, 256, (FRAMES, *kind.shape)).astype(np.int32)
    found = simulate(folder, graph, frames, cache=work / "cache")
    expected = execute(graph, {"x": frames}, keep=found.values)
    wrong = {name: int((found.values[name] != expected[name]).sum()) for name in expected}
    parts = compare(design, synthesize_network(folder, "xc7", cache=work / "cache"))
    blocks = {figures.block: _built(plan.blocks[figures.block], figures.synthesized) for figures in parts.blocks}
    built = replace(
        plan,
        blocks=plan.blocks | blocks,
        streams=parts.streams.synthesized,
        interval_cycles=found.interval_cycles,
        latency_cycles=found.latency_cycles,
    )
    return point(stack, size, replace(design, schedule=built)), {name: count for name, count in wrong.items() if count}


def _built(predicted: BlockCost, synthesized: Resources) -> BlockCost:
    held = synthesized
    return replace(predicted, lut=held.lut, ff=held.ff, bram36=held.bram36, dsp=held.dsp)


def errors(predicted: Point, found: Point) -> dict[str, float]:
    """Part by which the prediction is above what was measured."""
    pairs = {
        "interval_cycles": (predicted.interval_cycles, found.interval_cycles),
        "latency_cycles": (predicted.latency_cycles, found.latency_cycles),
        "lut": (predicted.used.lut, found.used.lut),
        "ff": (predicted.used.ff, found.used.ff),
        "bram36": (predicted.used.bram36, found.used.bram36),
        "dsp": (predicted.used.dsp, found.used.dsp),
        "energy_uj": (predicted.middle_uj, found.middle_uj),
    }
    return {name: round(a / b - 1, 4) if b else float(a != b) for name, (a, b) in pairs.items()}


def gap(chosen: Point, least: Point, figure: Callable[[Point], float]) -> float:
    """How much more of a figure the chosen size takes for each multiplication than the measured best."""
    return round((figure(chosen) / chosen.macs) / (figure(least) / least.macs) - 1, 4)


def run(name: str, sizes: tuple[int, ...], max_dsp: int, work: Path) -> Iterator[dict[str, object]]:
    """What is known about one stack, as the JSON file holds it, after each size."""
    build, grouped = STACKS[name]
    stack, target = Stack(name, build, grouped), load_target(TARGET)
    predicted = curve(stack, sizes, target, max_dsp=max_dsp)
    nearest = sorted(predicted.points, key=lambda p: abs(log2(p.group_size / predicted.chosen.group_size)))
    points, found = {}, {}
    for before in nearest:
        size = before.group_size
        found[size], wrong = measured(stack, size, target, max_dsp, work)
        if wrong:
            raise SystemExit(f"{name}, G = {size}: the simulation differs from the graph in {wrong}")
        points[size] = {
            "group_size": size,
            "predicted": _json(before),
            "measured": _json(found[size]),
            "error": errors(before, found[size]),
        }
        print(name, size, points[size]["error"], flush=True)
        chosen, least = found[predicted.chosen.group_size], best(found.values())
        yield {
            "name": name,
            "target": TARGET,
            "max_dsp": max_dsp,
            "chosen_g": chosen.group_size,
            "chosen_g_at_ends_of_energy": predicted.chosen_range,
            "best_g": least.group_size,
            "energy_gap": gap(chosen, least, lambda p: p.middle_uj),
            "cycles_gap": gap(chosen, least, lambda p: p.interval_cycles),
            "refused": predicted.refused,
            "points": [points[size] for size in sorted(points)],
        }


def _json(p: Point) -> dict[str, object]:
    return {**asdict(p), "merit": merit(p.macs, p.middle_uj, p.interval_cycles)}


def save(stack: dict[str, object], *, whole: bool) -> None:
    """Into the result; what else it holds stays. whole: no stack of it was there before."""
    kept = record.load("e2gc")
    others = [other for other in kept.get("stacks", []) if other["name"] != stack["name"]]
    stacks = sorted([*others, stack], key=lambda one: list(STACKS).index(one["name"]))
    record.save("e2gc", kept | {"stacks": stacks}, SOURCES, part="stacks", whole=whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", choices=STACKS, action="append", help="default: all")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--max-dsp", type=int, default=MAX_DSP)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "codesign_e2gc")
    options = parser.parse_args()
    sizes = tuple(int(size) for size in options.sizes.split(","))
    chosen = options.stack or list(STACKS)
    for name in chosen:
        for stack in run(name, sizes, options.max_dsp, options.work):
            save(stack, whole=chosen == list(STACKS) and name == chosen[-1])


if __name__ == "__main__":
    main()
