"""`codesign verify`: every back end of a build against the integer graph."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from codesign.build_folder import BuildFolder, open_build
from codesign.errors import BuildError
from codesign.files import write_text
from codesign.graph import IntArray
from codesign.progress import Progress, silent
from codesign.verification import STAGES
from codesign.verification.compare import Mismatch, StageResult, compare
from codesign.verification.images import verification_images


@dataclass(frozen=True)
class Verification:
    """The verdict on a build, as `verify.json` holds it."""

    stages: tuple[StageResult, ...]
    images: int
    exact: bool
    first_mismatch: Mismatch | None


def verify(build: Path | BuildFolder, *, images: int = 16, progress: Progress = silent) -> Verification:
    """Runs all stages on `images` images and writes `verify.json` into the build folder.

    The images are the first of the recipe's validation set, or random integers if the build was made from a QONNX
    file; then there is no Brevitas stage either. All stages run even after a difference. Raises a CodesignError if
    one cannot: verify.json is then left as it was.
    """
    if images < 1:
        raise BuildError(f"cannot verify on {images} images", where="--images", remedy="give at least 1")
    folder = build if isinstance(build, BuildFolder) else open_build(build)
    with folder.locked():
        integers = verification_images(folder, images)
        names = [name for name in STAGES if name != "brevitas" or folder.run.is_dir()]
        results, mismatches = [], []
        for name in names:
            result, mismatch = _run_stage(name, folder, integers, progress)
            results.append(result)
            mismatches += [mismatch] if mismatch else []
        first = mismatches[0] if mismatches else None
        verdict = Verification(tuple(results), len(integers), first is None, first)
        write_text(folder.verification, json.dumps(asdict(verdict), indent=1) + "\n")
    return verdict


def _run_stage(
    name: str, build: BuildFolder, images: IntArray, progress: Progress
) -> tuple[StageResult, Mismatch | None]:
    progress(name, 0, len(images))
    start = time.perf_counter()
    stage = import_module(f"codesign.verification.stages.{name}")
    found = compare(name, build.graph, images, stage.run(build, images, tuple(build.graph.types)), progress)
    seconds = round(time.perf_counter() - start, 3)
    return StageResult(name, found.mismatch is None, found.tensors, found.values, seconds), found.mismatch
