"""`codesign verify`: every back end of a build against the integer graph."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from threading import Event

from codesign.build_folder import BuildFolder, open_build
from codesign.errors import BuildError
from codesign.files import write_text
from codesign.graph import IntArray
from codesign.progress import Progress, silent
from codesign.verification import STAGES
from codesign.verification.compare import Mismatch, StageResult, compare
from codesign.verification.images import verification_images

SIMULATIONS = {"codesign": "rtl", "vitis": "vitis"}
"""The stage that simulates hardware, by whose RTL it is: our own, or what Vitis HLS made of the hls4ml project."""

Outcome = tuple[StageResult, Mismatch | None]


class _StoppedError(Exception):
    """The simulation has failed, or the user interrupted it."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a build, as `verify.json` holds it."""

    stages: tuple[StageResult, ...]
    images: int
    exact: bool
    first_mismatch: Mismatch | None


def verify(
    build: Path | BuildFolder, *, images: int = 16, rtl: str = "codesign", progress: Progress = silent
) -> Verification:
    """Runs all stages on `images` images and writes `verify.json` into the build folder.

    The images are the first of the recipe's validation set, or random integers if the build was made from a QONNX
    file; then there is no Brevitas stage either. rtl: a key of SIMULATIONS. All stages run even after a difference.
    Raises a CodesignError if one cannot: verify.json is then left as it was.
    """
    if images < 1:
        raise BuildError(f"cannot verify on {images} images", where="--images", remedy="give at least 1")
    if rtl not in SIMULATIONS:
        raise BuildError(f"unknown RTL '{rtl}'", where="--rtl", remedy=f"known: {', '.join(SIMULATIONS)}")
    folder = build if isinstance(build, BuildFolder) else open_build(build)
    with folder.locked():
        integers = verification_images(folder, images)
        names = [name for name in STAGES if name != "rtl" and (name != "brevitas" or folder.run.is_dir())]
        outcomes = _run_stages(names, SIMULATIONS[rtl], folder, integers, progress)
        first = next((mismatch for _, mismatch in outcomes if mismatch), None)
        results = tuple(result for result, _ in outcomes)
        verdict = Verification(results, len(integers), first is None, first)
        write_text(folder.verification, json.dumps(asdict(verdict), indent=1) + "\n")
    return verdict


def _run_stages(
    beside: Sequence[str], simulation: str, build: BuildFolder, images: IntArray, progress: Progress
) -> list[Outcome]:
    """Outcomes in the order of the chain. The simulation, longest by far and its end, runs beside the other stages.

    It is this thread's, so that an interrupt reaches it at once; the others then stop at their next step.
    """
    stopped = Event()

    def unless_stopped(what: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        progress(what, done, total)

    with ThreadPoolExecutor(max_workers=1) as pool:
        others = pool.submit(lambda: [_run_stage(name, build, images, unless_stopped) for name in beside])
        try:
            simulated = _run_stage(simulation, build, images, progress)
        except BaseException:
            stopped.set()
            raise
        return [*others.result(), simulated]


def _run_stage(name: str, build: BuildFolder, images: IntArray, progress: Progress) -> Outcome:
    progress(name, 0, len(images))
    start = time.perf_counter()
    stage = import_module(f"codesign.verification.stages.{name}")
    found = compare(name, build.graph, images, stage.run(build, images, tuple(build.graph.types)), progress)
    seconds = round(time.perf_counter() - start, 3)
    return StageResult(name, found.mismatch is None, found.tensors, found.values, seconds), found.mismatch
