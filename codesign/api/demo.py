"""`codesign demo`: the whole chain, from training on real images to a verified design and its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codesign.api.export import export
from codesign.api.report import report
from codesign.api.verify import Verification, verify
from codesign.progress import Progress, silent
from codesign.reporting.summary import Summary
from codesign.resources import models_dir

RECIPE = "codenet-digits"
FIXED = "codenet-digits-fixed"
"""Shipped run of the same recipe, its dilation s fixed to 1."""

IMAGES = 16


@dataclass(frozen=True)
class Demo:
    """What the demo reached.

    ap50: of the network just trained. ap50_fixed_dilation: of the same recipe trained with s fixed to 1, measured when
    the shipped run was made.
    """

    summary: Summary
    verification: Verification
    ap50: float
    ap50_fixed_dilation: float
    run: Path
    build: Path
    page: Path
    picture: Path


def demo(out: str | Path, *, target: str = "pynq-z2", progress: Progress = silent) -> Demo:
    """Trains the recipe `codenet-digits` into `out/run`, exports it to `out/build`, verifies and reports.

    An interrupted training goes on from its last checkpoint. Raises a CodesignError if a step cannot be done.
    """
    from codesign.api.train import train
    from codesign.training.run import load_result

    run, folder = Path(out) / "run", Path(out) / "build"
    trained = train(RECIPE, run, resume=(run / "recipe.yaml").is_file())
    build = export(run, folder, target=target, progress=progress).folder
    verdict = verify(build, images=IMAGES, progress=progress)
    made = report(build, html=True, progress=progress)
    assert made.page is not None
    return Demo(
        summary=made.summary,
        verification=verdict,
        ap50=trained.ap50,
        ap50_fixed_dilation=load_result(models_dir() / FIXED).ap50,
        run=run,
        build=folder,
        page=made.page,
        picture=build.detections,
    )
