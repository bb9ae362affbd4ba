"""`codesign verify`: every back end of a build against the integer graph."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Event

from codesign.build_folder import BuildFolder, open_build
from codesign.emit.rtl.project import RtlProject
from codesign.errors import BuildError
from codesign.files import write_text
from codesign.graph import IntArray
from codesign.progress import Progress, silent
from codesign.schedule import Schedule
from codesign.verification import STAGES
from codesign.verification.blocks import Trial, trial_of
from codesign.verification.compare import Mismatch, StageResult, compare
from codesign.verification.coverage import Coverage, coverage_of
from codesign.verification.images import verification_images
from codesign.verification.stages import blocks

SIMULATIONS = {"codesign": "rtl", "vitis": "vitis"}
"""The stage that simulates hardware, by whose RTL it is: our own, or what Vitis HLS made of the hls4ml project."""

FAST = ("onnxruntime", "graph")
"""Stages that take milliseconds an image."""

Outcome = tuple[StageResult, Mismatch | None]


class _StoppedError(Exception):
    """The simulation has failed, or the user interrupted it."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a build, as `verify.json` holds it.

    coverage: by tensor, which of the values that matter the images and the stage `blocks` have reached; none if that
    stage was not run.
    """

    stages: tuple[StageResult, ...]
    images: int
    exact: bool
    first_mismatch: Mismatch | None
    coverage: Mapping[str, Coverage] = field(default_factory=dict)


def verify(
    build: Path | BuildFolder,
    *,
    images: int = 16,
    fast_images: int = 0,
    rtl: str = "codesign",
    changed: bool = False,
    progress: Progress = silent,
) -> Verification:
    """Runs all stages on `images` images and writes `verify.json` into the build folder.

    ONNX Runtime and the integer graph, which are fast, run on `fast_images` if those are more.

    The images are the first of the recipe's validation set, or random integers if the build was made from a QONNX
    file; then there is no Brevitas stage either. rtl: a key of SIMULATIONS. changed: as for `open_build`.
    All stages run even after a difference. Raises a CodesignError if one cannot: verify.json is then left as it was.
    """
    if images < 1:
        raise BuildError(f"cannot verify on {images} images", where="--images", remedy="give at least 1")
    if rtl not in SIMULATIONS:
        raise BuildError(f"unknown RTL '{rtl}'", where="--rtl", remedy=f"known: {', '.join(SIMULATIONS)}")
    folder = open_build(build, changed=changed)
    with folder.locked():
        integers = verification_images(folder, max(images, fast_images))
        names = [name for name in STAGES if name != "rtl" and (name != "brevitas" or folder.run.is_dir())]
        names = [name for name in names if name != "blocks" or rtl == "codesign"]
        trial = _trial(folder) if "blocks" in names else None
        batches = {name: integers if name in FAST else integers[:images] for name in (*names, SIMULATIONS[rtl])}
        outcomes = _run_stages(batches, folder, trial, progress)
        first = next((mismatch for _, mismatch in outcomes if mismatch), None)
        results = tuple(result for result, _ in outcomes)
        exact = all(result.exact for result in results)
        coverage = coverage_of(folder.graph, integers[:images], trial) if trial else {}
        verdict = Verification(results, min(images, len(integers)), exact, first, coverage)
        write_text(folder.verification, json.dumps(asdict(verdict), indent=1) + "\n")
    return verdict


def _trial(build: BuildFolder) -> Trial:
    return trial_of(build.graph, Schedule.load(build.schedule), RtlProject.load(build.rtl))


def _run_stages(
    batches: Mapping[str, IntArray], build: BuildFolder, trial: Trial | None, progress: Progress
) -> list[Outcome]:
    """Outcomes of the stages in `batches`, each on its images. The last one simulates hardware.

    That takes longest by far, and runs beside the other stages.
    It is this thread's, so that an interrupt reaches it at once; the others then stop at their next step.
    """
    *beside, simulation = batches
    stopped = Event()

    def unless_stopped(what: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        progress(what, done, total)

    with ThreadPoolExecutor(max_workers=1) as pool:
        others = pool.submit(lambda: [_run_stage(name, build, batches[name], trial, unless_stopped) for name in beside])
        try:
            simulated = _run_stage(simulation, build, batches[simulation], trial, progress)
        except BaseException:
            stopped.set()
            raise
        return [*others.result(), simulated]


def _run_stage(name: str, build: BuildFolder, images: IntArray, trial: Trial | None, progress: Progress) -> Outcome:
    """The stage `blocks` has its own frames, `trial`."""
    count = trial.frames if name == "blocks" and trial else len(images)
    progress(name, 0, count)
    start = time.perf_counter()
    if name == "blocks" and trial:
        found = blocks.compared(build.rtl, build.graph, trial, progress)
    else:
        stage = import_module(f"codesign.verification.stages.{name}")
        found = compare(name, build.graph, images, stage.run(build, images, tuple(build.graph.types)), progress)
    seconds = round(time.perf_counter() - start, 3)
    exact = found.mismatch is None and (found.findings is None or found.findings.good)
    result = StageResult(name, exact, found.tensors, found.values, seconds, count, found.findings)
    return result, found.mismatch
