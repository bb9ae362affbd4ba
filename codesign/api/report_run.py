"""`codesign report RUN`: what a training came to, as a record, and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codesign.build_changes import MANIFEST

if TYPE_CHECKING:
    from codesign.reporting.run_report import RunReport

RECIPE, PAGE = "recipe.yaml", "report.html"


@dataclass(frozen=True)
class RunPage:
    """What a training run has to show, and the page if one was written."""

    report: RunReport
    page: Path | None


def report_run(run: str | Path, *, html: bool = False) -> RunPage:
    """A finished training's history, figures and layers; with `html` also `report.html` in its folder.

    Raises CheckpointError if there is no such run, if it is not finished, or if a file of it is malformed.
    """
    from codesign.reporting.run_page import write_run_page
    from codesign.reporting.run_report import load_report
    from codesign.training.run import find_run

    folder = find_run(run)
    found, page = load_report(folder), folder / PAGE
    if html:
        write_run_page(found, page)
    return RunPage(found, page if html else None)


def is_run(path: str | Path) -> bool:
    """Whether `path` is a training run, and no build."""
    return (Path(path) / RECIPE).is_file() and not (Path(path) / MANIFEST).exists()
