"""`codesign report`: what a design takes, as a record, and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codesign.build_folder import BuildFolder, open_build
from codesign.files import write_text
from codesign.progress import Progress, silent
from codesign.reporting.summarize import summarize
from codesign.reporting.summary import Summary

DISTRIBUTION_IMAGES = 4
"""Activations are counted on so many of the images that the build is verified on."""


@dataclass(frozen=True)
class Report:
    """The report's figures, and the page if one was written."""

    summary: Summary
    page: Path | None


def report(
    build: str | Path | BuildFolder,
    *,
    html: bool = False,
    activity: bool = False,
    changed: bool = False,
    progress: Progress = silent,
) -> Report:
    """Writes `report.json` anew, the last verification included; with `html` also `report.html`.

    activity: tell energies by what changes in simulated frames, not by assumed rates. The page shows what the simulated
    hardware finds in images if a trained run was exported. Both take a C++ compiler.
    changed: as for `open_build`. Raises a CodesignError if a part of the build is missing.
    """
    folder = open_build(build, changed=changed)
    with folder.locked():
        progress("figures", 0, 1)
        summary = summary_of(folder, activity=activity)
        progress("figures", 1, 1)
        write_text(folder.report, summary.model_dump_json(indent=1) + "\n")
        if not html:
            return Report(summary, None)
        from codesign.reporting.histograms import layers
        from codesign.reporting.page import Extras, write_page
        from codesign.reporting.pictures import hardware_pictures, save_picture
        from codesign.verification.images import verification_images

        distributions = layers(folder.graph, summary.units, verification_images(folder, DISTRIBUTION_IMAGES))
        pictures = hardware_pictures(folder, progress) if folder.run.is_dir() else ()
        if pictures:
            save_picture(pictures, folder.detections)
        write_page(summary, Extras(distributions, pictures), folder.page)
    return Report(summary, folder.page)


def summary_of(build: BuildFolder, *, activity: bool = False) -> Summary:
    """The report's figures, nothing written. Raises a CodesignError if a part of the build is missing."""
    if not activity:
        return summarize(build.design, build)
    from codesign.reporting.activity import simulated_activity

    return summarize(build.design, build, simulated_activity(build))
