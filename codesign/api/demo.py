"""`codesign demo`: the whole chain, from training on real images to a verified design and its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codesign.api.export import export
from codesign.api.report import report
from codesign.api.verify import verify
from codesign.progress import Progress, silent
from codesign.reporting.summary import Summary
from codesign.resources import models_dir
from codesign.verification.compare import Verification

if TYPE_CHECKING:
    from codesign.training import TrainResult

RECIPE = "codenet-digits"
FIXED = "codenet-digits-fixed"
"""Shipped run of the same recipe, its dilation s fixed to 1."""

IMAGES = 16


@dataclass(frozen=True)
class Demo:
    """What the demo reached.

    trained: what the network just trained reached. ap50_fixed_dilation: of the recipe `codenet-digits` with s fixed to
    1, measured when the shipped run was made; none for other recipes.
    """

    summary: Summary
    verification: Verification
    trained: TrainResult
    ap50_fixed_dilation: float | None
    run: Path
    build: Path
    page: Path
    picture: Path


def demo(out: str | Path, *, recipe: str | Path = RECIPE, target: str = "pynq-z2", progress: Progress = silent) -> Demo:
    """Trains a recipe into `out/run`, exports it to `out/build`, verifies and reports.

    An interrupted training goes on from its last checkpoint. Raises a CodesignError if a step cannot be done.
    """
    from codesign.api.train import train
    from codesign.training.run import load_result

    run, folder = Path(out) / "run", Path(out) / "build"
    trained = train(recipe, run, resume=(run / "recipe.yaml").is_file(), progress=progress)
    build = export(run, folder, target=target, progress=progress).folder
    verdict = verify(build, images=IMAGES, progress=progress)
    made = report(build, html=True, progress=progress)
    assert made.page is not None
    return Demo(
        summary=made.summary,
        verification=verdict,
        trained=trained,
        ap50_fixed_dilation=load_result(models_dir() / FIXED).ap50 if recipe == RECIPE else None,
        run=run,
        build=folder,
        page=made.page,
        picture=build.detections,
    )
