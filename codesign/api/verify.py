"""`codesign verify`: every back end of a build against the integer graph."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
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
from codesign.verification.findings import Findings
from codesign.verification.images import verification_images

SIMULATIONS = {"codesign": "rtl", "vitis": "vitis"}
"""The stage that simulates hardware, by whose RTL it is: our own, or what Vitis HLS made of the hls4ml project."""

FAST = ("onnxruntime", "graph")
"""Stages that take milliseconds an image."""

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
    build: Path | BuildFolder,
    *,
    images: int = 16,
    fast_images: int = 0,
    rtl: str = "codesign",
    progress: Progress = silent,
) -> Verification:
    """Runs all stages on `images` images and writes `verify.json` into the build folder.

    ONNX Runtime and the integer graph, which are fast, run on `fast_images` if those are more.

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
        integers = verification_images(folder, max(images, fast_images))
        names = [name for name in STAGES if name != "rtl" and (name != "brevitas" or folder.run.is_dir())]
        batches = {name: integers if name in FAST else integers[:images] for name in (*names, SIMULATIONS[rtl])}
        outcomes = _run_stages(batches, folder, progress)
        first = next((mismatch for _, mismatch in outcomes if mismatch), None)
        results = tuple(result for result, _ in outcomes)
        verdict = Verification(results, min(images, len(integers)), all(stage.exact for stage in results), first)
        write_text(folder.verification, json.dumps(asdict(verdict), indent=1) + "\n")
    return verdict


def _run_stages(batches: Mapping[str, IntArray], build: BuildFolder, progress: Progress) -> list[Outcome]:
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
        others = pool.submit(lambda: [_run_stage(name, build, batches[name], unless_stopped) for name in beside])
        try:
            simulated = _run_stage(simulation, build, batches[simulation], progress)
        except BaseException:
            stopped.set()
            raise
        return [*others.result(), simulated]


def _run_stage(name: str, build: BuildFolder, images: IntArray, progress: Progress) -> Outcome:
    progress(name, 0, len(images))
    start = time.perf_counter()
    stage = import_module(f"codesign.verification.stages.{name}")
    shown = getattr(stage, "prove", stage.run)(build, images, tuple(build.graph.types))
    found = compare(name, build.graph, images, shown, progress)
    findings: Findings | None = getattr(shown, "findings", None)
    seconds = round(time.perf_counter() - start, 3)
    exact = found.mismatch is None and (findings is None or findings.good)
    result = StageResult(name, exact, found.tensors, found.values, seconds, len(images), findings)
    return result, found.mismatch
