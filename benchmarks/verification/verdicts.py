"""Whole verdicts of shipped networks at full size: every stage of `codesign verify`, and the values it compares.

    python -m benchmarks.verification.verdicts [NAME ...]

Exports each recipe with random weights and verifies the build on its first images. With names, only those are run and
the results of the others are kept. Figures: benchmarks/results/verdicts.json, after every network. Exit status 1 if a
stage is not exact.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import codesign
from benchmarks.record import EXPORT, load, save
from codesign.cli.console import progress_bars

NAME = "verdicts"
SOURCES = (
    "benchmarks/verification/verdicts.py",
    "models/*.yaml",
    "codesign/verification/**/*.py",
    "codesign/emit/hls/**/*",
    "codesign/emit/onnx/**/*.py",
    "hls/*.h",
    *EXPORT,
)


@dataclass(frozen=True)
class Case:
    """A recipe with settings of its own, the board it is for, and how many images it is verified on."""

    name: str
    recipe: str
    images: int
    settings: tuple[str, ...] = ()
    target: str = "pynq-z2"


CASES = (
    Case("fashion-binary", "fashion-binary", 64),
    Case("fashion-mobilenet, four groups a layer", "fashion-mobilenet", 16, ("model.groups={number: 4}",)),
    Case("codenet-b", "codenet-b", 1),
    Case("codenet-c, pointwise first", "codenet-c", 1, ("model.decoder.order=pointwise_first",)),
)


def verdict(case: Case) -> dict[str, Any]:
    """A row: what every stage has compared."""
    with tempfile.TemporaryDirectory(prefix="verdicts_") as scratch, progress_bars() as progress:
        build = Path(scratch) / "build"
        settings = {"target": case.target, "random_weights": True, "overrides": case.settings}
        codesign.export(case.recipe, build, **settings, progress=progress)
        found = codesign.verify(build, images=case.images, progress=progress)
    stages = [
        {"name": stage.name, "exact": stage.exact, "tensors": stage.tensors, "values": stage.values}
        for stage in found.stages
    ]
    seconds = round(sum(stage.seconds for stage in found.stages))
    return {"network": case.name, "target": case.target, "images": case.images, "stages": stages, "seconds": seconds}


def main(names: Sequence[str]) -> int:
    rows = {row["network"]: row for row in load(NAME).get("networks", [])}
    for case in CASES:
        if names and case.recipe not in names:
            continue
        rows[case.name] = verdict(case)
        print(rows[case.name], flush=True)
        ordered = [rows[each.name] for each in CASES if each.name in rows]
        save(NAME, {"networks": ordered}, SOURCES, whole=not names and case is CASES[-1])
    return int(any(not stage["exact"] for row in rows.values() for stage in row["stages"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
