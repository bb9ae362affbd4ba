"""`codesign verify`: every back end of a build against the integer graph."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

from codesign.build_folder import BuildFolder, open_build
from codesign.emit.driver.certificate import write_verdict
from codesign.errors import BuildError
from codesign.extras import lacking
from codesign.files import write_text
from codesign.graph import IntArray, digest
from codesign.progress import Progress, silent
from codesign.synthesis import yosys
from codesign.synthesis.utilization import Family
from codesign.verification import FURTHER, STAGES
from codesign.verification.blocks import Trial, trial_of
from codesign.verification.compare import Comparison, StageResult, Verification, compare
from codesign.verification.coverage import coverage_of
from codesign.verification.images import picture_images, verification_images
from codesign.verification.reference import Reference
from codesign.verification.stages import blocks, netlist, tail

SIMULATIONS = {"codesign": "rtl", "vitis": "vitis"}
"""The stage that simulates hardware, by whose RTL it is: our own, or what Vitis HLS made of the hls4ml project."""

FAST = ("onnxruntime", "graph")
"""Stages that take milliseconds an image."""

_SOURCES: Mapping[str, Callable[[BuildFolder], bool]] = {
    "brevitas": lambda build: build.run.is_dir(),
    "qonnx": lambda build: not build.tflite.is_file(),
    "litert": lambda build: build.tflite.is_file(),
}
"""Stages of what a build was made from: whether it was."""
_LACKS = {
    "brevitas": "was made from a file: there are no PyTorch modules",
    "qonnx": "was made from a TFLite file: there is none for QONNX",
    "litert": "was made from no TFLite file",
}

DRIVEN = ("blocks", "netlist")
"""Stages that drive blocks by themselves."""

TIES = 100
"""So many of a stage are listed."""

Outcome = tuple[StageResult, Comparison]


class _StoppedError(Exception):
    """The simulation has failed, or the user interrupted it."""


@dataclass(frozen=True, eq=False)
class _Job:
    """What all stages work on: what the images of each should give, by its name, and the frames of those that drive
    blocks."""

    build: BuildFolder
    references: Mapping[str, Reference]
    trial: Trial | None
    family: Family | None


def verify(
    build: Path | BuildFolder,
    *,
    images: int | str | Path = 16,
    fast_images: int = 0,
    stages: Sequence[str] = (),
    rtl: str = "codesign",
    netlist: bool = False,
    family: Family | None = None,
    changed: bool = False,
    progress: Progress = silent,
) -> Verification:
    """Runs all stages, or the chosen ones, and writes `verify.json` into the build folder.

    images: so many, the first of the recipe's validation set, or random integers if the build was made from a
    file (then there is no Brevitas stage either); or a picture, or a folder of pictures, all of which are taken.
    ONNX Runtime and the integer graph, which are fast, run on `fast_images` if those are more. stages: names from
    STAGES and FURTHER; default: a whole verdict. rtl: a key of SIMULATIONS. netlist: also the netlists that Yosys
    makes, of the cells of `family` (default: the target's). changed: as for `open_build`. All stages run even
    after a difference; of a whole verdict, those are skipped whose library is not installed. Raises a CodesignError if
    one cannot: verify.json is then left as it was.
    """
    folder = open_build(build, changed=changed)
    whole = _whole(folder, rtl)
    names = _chosen(folder, stages or _installed(whole), whole, netlist)
    with folder.locked():
        integers, count, pictures = _images(folder, images, fast_images)
        trial = trial_of(folder.design) if any(name in DRIVEN for name in names) else None
        many, few = Reference(folder.graph, integers), Reference(folder.graph, integers[:count])
        references = {name: many if name in FAST and len(integers) > count else few for name in names}
        outcomes = _run_stages(_Job(folder, references, trial, family), progress)
        first = next((found.mismatch for _, found in outcomes if found.mismatch), None)
        results = tuple(result for result, _ in outcomes)
        coverage = coverage_of(few, trial) if trial and "blocks" in names else {}
        verdict = Verification(
            results,
            min(count, len(integers)),
            all(result.exact for result in results),
            first,
            coverage,
            tuple(name for name in whole if name not in names),
            pictures,
            tuple(tie for _, found in outcomes for tie in found.ties[:TIES]),
        )
        write_text(folder.verification, json.dumps(asdict(verdict), indent=1) + "\n")
        write_verdict((folder.driver, folder.deployed), _told(folder, verdict))
    return verdict


def _told(build: BuildFolder, verdict: Verification) -> dict[str, Any]:
    """What whoever has the hardware only is told of a verdict."""
    stages = {stage.name: stage.exact for stage in verdict.stages}
    return {"network": digest(build.graph), "exact": verdict.exact, "images": verdict.images, "stages": stages}


def _whole(build: BuildFolder, rtl: str) -> list[str]:
    """The stages of a whole verdict on the build, that which simulates all of it last."""
    if rtl not in SIMULATIONS:
        raise BuildError(f"unknown RTL '{rtl}'", where="--rtl", remedy=f"known: {', '.join(SIMULATIONS)}")
    absent = {"rtl", *(name for name, there in _SOURCES.items() if not there(build))}
    names = [name for name in STAGES if name not in absent]
    names += ["tail"] if tail.applies(build) else []
    return [*(name for name in names if name != "blocks" or rtl == "codesign"), SIMULATIONS[rtl]]


def _installed(names: Sequence[str]) -> list[str]:
    """Those whose libraries are installed: PyTorch may not be."""
    found = []
    for name in names:
        try:
            import_module(f"codesign.verification.stages.{name}")
        except ImportError as error:
            if lacking(error) is None:
                raise
        else:
            found.append(name)
    return found


def _chosen(build: BuildFolder, stages: Sequence[str], whole: Collection[str], netlist: bool) -> list[str]:
    """The stages to run, in the chain's order, that which takes longest last."""
    known = (*STAGES, *FURTHER)
    unknown = [name for name in stages if name not in known]
    if unknown:
        raise BuildError(f"unknown stage '{unknown[0]}'", where="--stages", remedy=f"known: {', '.join(known)}")
    for name in stages:
        if name in _SOURCES and not _SOURCES[name](build):
            raise BuildError(_LACKS[name], where=str(build.path), remedy=f"leave {name} out")
    if "tail" in stages and not tail.applies(build):
        raise BuildError("has no tail: all of it is hardware", where=str(build.path), remedy="leave tail out")
    wanted = {*(stages or whole), *(("netlist",) if netlist else ())}
    if "netlist" in wanted:
        yosys.require()
    return sorted(wanted, key=(*STAGES[:-1], *reversed(FURTHER), STAGES[-1]).index)


def _images(build: BuildFolder, images: int | str | Path, fast_images: int) -> tuple[IntArray, int, str | None]:
    """All images (N, C, H, W), how many the slow stages take, and where they are from if they are pictures."""
    if not isinstance(images, int):
        found = picture_images(build, Path(images))
        return found, len(found), str(images)
    if images < 1:
        raise BuildError(f"cannot verify on {images} images", where="--images", remedy="give at least 1")
    return verification_images(build, max(images, fast_images)), images, None


def _run_stages(job: _Job, progress: Progress) -> list[Outcome]:
    """Outcomes of the job's stages. The last one simulates hardware, if any does.

    That takes longest by far, and runs beside the other stages.
    It is this thread's, so that an interrupt reaches it at once; the others then stop at their next step.
    """
    *beside, simulation = job.references
    stopped = Event()
    for name in job.references:
        progress(name, 0, _steps(name, job))

    def unless_stopped(what: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        progress(what, done, total)

    with ThreadPoolExecutor(max_workers=1) as pool:
        others = pool.submit(lambda: [_run_stage(name, job, unless_stopped) for name in beside])
        try:
            simulated = _run_stage(simulation, job, progress)
        except BaseException:
            stopped.set()
            raise
        return [*others.result(), simulated]


def _steps(name: str, job: _Job) -> int:
    """What the stage counts its progress in: frames of its own, or images."""
    return job.trial.frames if name == "blocks" and job.trial else len(job.references[name].images)


def _run_stage(name: str, job: _Job, progress: Progress) -> Outcome:
    start = time.perf_counter()
    stage = import_module(f"codesign.verification.stages.{name}")
    problem = stage.check(job.build) if hasattr(stage, "check") else None
    found = _compared(name, job, progress)
    problem = problem or found.problem
    seconds = round(time.perf_counter() - start, 3)
    exact = found.mismatch is None and problem is None and (found.findings is None or found.findings.good)
    counts = (found.tensors, found.values, seconds, _steps(name, job))
    return StageResult(name, exact, *counts, found.findings, problem, len(found.ties)), found


def _compared(name: str, job: _Job, progress: Progress) -> Comparison:
    graph, reference = job.build.graph, job.references[name]
    if job.trial and name == "blocks":
        return blocks.compared(job.build.rtl, job.build.design, job.trial, progress)
    if job.trial and name == "netlist":
        return netlist.compared(job.build, reference, job.trial, progress, family=job.family)
    if name == "tail":
        return tail.compared(job.build, reference.images, progress)
    stage = import_module(f"codesign.verification.stages.{name}")
    judge = stage.judge(job.build) if hasattr(stage, "judge") else None
    shown = getattr(stage, "prove", stage.run)(job.build, reference.images, tuple(graph.types))
    return compare(name, reference, shown, progress, judge)
