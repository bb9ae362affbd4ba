"""`codesign compare`: two designs side by side."""

from __future__ import annotations

from pathlib import Path

from codesign.api.report import summary_of
from codesign.build_folder import BuildFolder, open_build
from codesign.reporting.comparison import Comparison, compare_summaries


def compare(
    a: str | Path | BuildFolder,
    b: str | Path | BuildFolder,
    *,
    html: str | Path | None = None,
    changed: bool = False,
) -> Comparison:
    """Compares two builds, of the same network or not; with `html` a page that needs no network is written there.

    Neither build is written into. changed: as for `open_build`. Raises a CodesignError if a part of a build is missing.
    """
    first, second = (open_build(build, changed=changed) for build in (a, b))
    found = compare_summaries(summary_of(first), summary_of(second), (str(first.path), str(second.path)))
    if html is not None:
        from codesign.reporting.page import write_comparison

        write_comparison(found, Path(html))
    return found
