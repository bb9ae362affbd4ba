"""CoDeNet's configuration c, 512x512, on a Zynq-7020: the whole network simulated and synthesized.

    python -m benchmarks.schedules.codenet_c_pynq [--bound 7] [--order pointwise_first] [--fps 26.96] [--frames 3]
        [--build DIR]

Exports the recipe with random weights whose dilations span their whole range, simulates frames back to back with the
weights of the deep layers coming from a memory that answers late, compares every tensor of every frame with the integer
graph, and synthesizes the top for xc7 with Yosys. RTL that is as it was is not simulated again. Writes
benchmarks/results/codenet_c_pynq.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import codesign
from benchmarks.record import EXPORT, folder_digest, load, save
from codesign.build_folder import BuildFolder
from codesign.cli.console import progress_bars
from codesign.emit.rtl.simulate import simulate
from codesign.graph import execute
from codesign.progress import Progress
from codesign.verification.images import verification_images

NAME = "codenet_c_pynq"
SOURCES = ("benchmarks/schedules/codenet_c_pynq.py", "models/codenet-c.yaml", "codesign/synthesis/**/*.py", *EXPORT)
RECIPE = "codenet-c"
SIMULATED = ("interval_cycles", "latency_cycles", "exact", "frames", "tensors", "values", "simulation_seconds", "rtl")


def simulated(build: BuildFolder, frames: int, progress: Progress) -> dict[str, Any]:
    """Interval and latency of the whole network, and whether every value of every tensor was right."""
    images = verification_images(build, frames)
    (source,) = build.graph.inputs
    expected = execute(build.graph, {source: images}, list(build.graph.types))
    found = simulate(build.rtl, build.graph, images, on_frame=lambda done: progress("simulation", done, frames))
    return {
        "interval_cycles": found.interval_cycles,
        "latency_cycles": found.latency_cycles,
        "exact": all(np.array_equal(values, expected[name]) for name, values in found.values.items()),
        "frames": frames,
        "tensors": len(found.values),
        "values": sum(values.size for values in found.values.values()),
        "simulation_seconds": round(found.seconds),
        "rtl": folder_digest(build.rtl),
    }


def _kept(row: Mapping[str, Any], build: BuildFolder) -> dict[str, Any]:
    """What was simulated of the same RTL; nothing if there is none."""
    return {name: row[name] for name in SIMULATED} if row.get("rtl") == folder_digest(build.rtl) else {}


def synthesized(build: BuildFolder, progress: Progress) -> dict[str, Any]:
    """LUT, FF, BRAM36 and DSP of the top, beside the budget and the cost model's figures."""
    found = codesign.synth(build, progress=progress)
    taken, predicted = found.total.synthesized, found.total.predicted
    rates = {f.block: f.multiplications_per_dsp for f in found.blocks if f.multiplications_per_dsp is not None}
    return {
        "lut": taken.lut,
        "ff": taken.ff,
        "bram36": taken.bram36,
        "dsp": taken.dsp,
        "predicted": {"lut": predicted.lut, "ff": predicted.ff, "bram36": predicted.bram36, "dsp": predicted.dsp},
        "multiplications_per_dsp": rates,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bound", type=int, default=7, help="largest dilation")
    parser.add_argument("--order", default="pointwise_first", choices=("pointwise_first", "depthwise_first"))
    parser.add_argument("--fps", type=float, default=26.96)
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--build", metavar="DIR", type=Path, help="keep the build here; one that is there is used")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, progress_bars() as progress:
        folder = given.build or Path(scratch) / "build"
        settings = [f"model.decoder.order={given.order}", f"model.decoder.bound={given.bound}"]
        if not folder.exists():
            codesign.export(RECIPE, folder, fps=given.fps, random_weights=True, overrides=settings, progress=progress)
        build = BuildFolder(folder)
        plan, board = build.design.schedule, build.design.target
        variant = f"{RECIPE}, {given.order}, bound {given.bound}"
        rows = {row["variant"]: row for row in load(NAME).get("variants", [])}
        row = {
            "variant": variant,
            **(_kept(rows.get(variant, {}), build) or simulated(build, given.frames, progress)),
            **synthesized(build, progress),
            "ddr_mb_s": round(plan.used_mb_s),
            "clock_mhz": plan.clock_mhz,
            "board": board.resources.model_dump(),
        }
    rows[variant] = row
    save(NAME, {"variants": [rows[name] for name in sorted(rows)]}, SOURCES, whole=len(rows) == 1)
    print(json.dumps({key: value for key, value in row.items() if key != "multiplications_per_dsp"}, indent=1))


if __name__ == "__main__":
    main()
