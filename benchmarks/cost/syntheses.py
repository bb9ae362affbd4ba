"""What Yosys makes of the blocks of sweeps, kept in `benchmarks/results/syntheses.json`: what `fit` is fitted on.

    python -m benchmarks.cost.syntheses [--sampler small|trained|windows] [--seed N] [--blocks N] [--only KIND]
    python -m benchmarks.cost.syntheses --again

Draws blocks that are not kept yet, with --only of one kind, synthesizes each by itself with `synth_xilinx`, and keeps
the figures with what the block can be drawn from once more: the sampler, the state of its random generator, and the
folding. With --again those that are kept are synthesized as the library is now, and those that differ are listed. A
block whose elaborated netlist is as it was keeps its figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.cost.blocks import SAMPLERS, Draw, Point, draw, rebuilt, told
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Block, literal
from codesign.files import write_text
from codesign.resources import rtl_dir
from codesign.synthesis import netlist_keys, synthesize_instances, yosys
from codesign.synthesis.utilization import Family

RESULT = record.RESULTS / "syntheses.json"
DRAWN = tuple(f"benchmarks/cost/{name}.py" for name in ("syntheses", "blocks", "samples", "trained", "windows"))
SOURCES = (*DRAWN, *record.SYNTHESIS)
WORK = Path(__file__).parents[2] / "build" / "cost_model"

FAMILY: Family = "xc7"
BATCH = 6
"""Blocks that are elaborated together: of more than a few, Yosys takes the longer for each."""


@dataclass(frozen=True)
class Used:
    """What a block takes by Yosys; bram36 counts halves."""

    lut: int
    ff: int
    bram36: float
    dsp: int


@dataclass(frozen=True)
class Synthesis:
    """A block, what it takes, and the hash of its elaborated netlist."""

    point: Point
    used: Used
    netlist: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sampler", choices=tuple(SAMPLERS), default="trained")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=24)
    parser.add_argument("--only", metavar="KIND", help="the one kind of operator to draw")
    parser.add_argument("--again", action="store_true", help="synthesize those that are kept")
    options = parser.parse_args()
    kept = load()
    if options.again:
        again(kept)
        return
    points = draw(options.blocks, options.seed, options.sampler, {found.point.key for found in kept}, options.only)
    for first in range(0, len(points), BATCH):
        made = synthesize(points[first : first + BATCH])
        kept += made
        save(kept, whole=False)
        for found in made:
            cost = found.point.cost
            pairs = ", ".join(f"{key} {getattr(cost, key):g} / {value:g}" for key, value in asdict(found.used).items())
            print(f"{found.point.key}: {pairs}", flush=True)


def again(kept: Sequence[Synthesis]) -> None:
    """Keeps what the blocks take now, and prints those that take something else than before."""
    now: list[Synthesis] = []
    for first in range(0, len(kept), BATCH):
        batch = kept[first : first + BATCH]
        with _design([found.point for found in batch]) as design:
            keys = netlist_keys(*design, FAMILY)
        changed = [found.point for found in batch if found.netlist != keys[found.point.name]]
        made = {found.point.name: found for found in synthesize(changed)}
        now += [made.get(found.point.name, found) for found in batch]
        save([*now, *kept[len(now) :]], whole=len(now) == len(kept))
        print(f"{len(now)} of {len(kept)}", file=sys.stderr, flush=True)
    differing = [(a, b) for a, b in zip(kept, now, strict=True) if a.used != b.used]
    for before, found in differing:
        print(f"{found.point.label} {told(found.point.folding)}: {before.used} was, {found.used} is")
    print(f"{len(differing)} of {len(kept)} blocks differ")


def load(path: Path = RESULT) -> list[Synthesis]:
    """All that are kept. Raises ValueError where a block is another than the one that was synthesized."""
    found = []
    for row in json.loads(path.read_text())["blocks"] if path.is_file() else []:
        origin = Draw(row["sampler"], row["kind"], row["seed"], tuple(row["state"]))
        point = rebuilt(f"b{len(found)}", origin, row["folding"])
        if point.label != row["block"]:
            raise ValueError(f"{path} holds a synthesis of {row['block']}, but draws {point.label}")
        found.append(Synthesis(point, Used(*row["used"]), row["netlist"]))
    return found


def save(found: Sequence[Synthesis], path: Path = RESULT, *, whole: bool) -> None:
    """One block a line. whole: all of them were synthesized now."""
    rows = ",\n".join(json.dumps(_row(synthesis)) for synthesis in found)
    said = record.said(path, SOURCES, whole=whole)
    head = json.dumps({"synthesis": f"pyosys {yosys.version()}, synth_xilinx", "used": "lut, ff, bram36, dsp", **said})
    write_text(path, f'{head[:-1]}, "blocks": [\n{rows}\n]}}\n')


def _row(found: Synthesis) -> dict[str, Any]:
    point, used = found.point, found.used
    row = {"block": point.label, "folding": told(point.folding), "used": [used.lut, used.ff, used.bram36, used.dsp]}
    return row | asdict(point.draw) | {"netlist": found.netlist}


def synthesize(points: Sequence[Point]) -> list[Synthesis]:
    """Each block by itself."""
    found: list[Synthesis] = []
    for first in range(0, len(points), BATCH):
        batch = points[first : first + BATCH]
        with _design(batch) as (sources, folder):
            made = synthesize_instances(sources, folder, FAMILY, cache=WORK / "netlists", processes=1)
        for point in batch:
            used = made.instances[point.name]
            found.append(Synthesis(point, Used(used.lut, used.ff, used.bram36, used.dsp), made.netlists[point.name]))
        print(f"{len(found)} of {len(points)} synthesized", file=sys.stderr, flush=True)
    return found


@contextmanager
def _design(points: Sequence[Point]) -> Iterator[tuple[list[Path], Path]]:
    """The sources of a design of blocks, and the folder of their memories' contents."""
    blocks = {point.name: point.block for point in points}
    with tempfile.TemporaryDirectory(prefix="codesign_syntheses_") as scratch:
        folder = Path(scratch)
        for block in blocks.values():
            for memory in block.memories:
                memory.write(folder)
        (folder / "top.sv").write_text(top(blocks))
        yield [*library.sources({block.module for block in blocks.values()}, rtl_dir()), folder / "top.sv"], folder


def top(blocks: dict[str, Block]) -> str:
    """A module of nothing but the blocks, every port of theirs one of its own."""
    ports, instances = ["input logic clk_i", "input logic rst_ni"], []
    for name, block in blocks.items():
        wires = [".clk_i", ".rst_ni"]
        for kind, streams in (("in", block.inputs), ("out", block.outputs)):
            forth, back = ("input", "output") if kind == "in" else ("output", "input")
            ends = ("_valid_i", "_ready_o", "_data_i") if kind == "in" else ("_valid_o", "_ready_i", "_data_o")
            for index, stream in enumerate(streams):
                own = [f"{name}_{kind}{index}{end}" for end in ends]
                ports += [f"{forth} logic {own[0]}", f"{back} logic {own[1]}"]
                ports.append(f"{forth} logic [{stream.width - 1}:0] {own[2]}")
                wires += [f".{kind}{index}{end}({wire})" for end, wire in zip(ends, own, strict=True)]
        values = ", ".join(f".{key}({literal(value)})" for key, value in block.parameters.items())
        instances.append(f"  {block.module} #({values}) {name} ({', '.join(wires)});")
    return f"module top ({', '.join(ports)});\n" + "\n".join(instances) + "\nendmodule\n"


if __name__ == "__main__":
    main()
