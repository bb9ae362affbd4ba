"""Makes the figures of README.md anew: exports a shipped run, verifies it, reports on it, and writes the outcome down.

python docs/results.py [RUN]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import codesign
from codesign.api.demo import FIXED, IMAGES, RECIPE
from codesign.api.verify import Verification
from codesign.cli.console import progress_bars
from codesign.resources import models_dir
from codesign.training.run import load_result

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- results: docs/results.py -->\n", "<!-- end of results -->\n"


def main(run: str) -> None:
    with tempfile.TemporaryDirectory() as scratch, progress_bars() as progress:
        build = codesign.export(run, Path(scratch) / "build", progress=progress).folder
        verdict = codesign.verify(build, images=IMAGES, progress=progress)
        precision = codesign.evaluate(build, backend="graph", progress=progress)
        summary = codesign.report(build, html=True, progress=progress).summary
        shutil.copyfile(build.detections, ROOT / "docs" / "detections.png")
    totals, used, held = summary.totals, summary.totals.resources, summary.target.resources
    fixed = models_dir() / FIXED / "result.json"
    rows = [
        ("AP50 (AP)", f"{precision.ap50:.3f} ({precision.ap:.3f}) on {precision.images} validation images"),
        ("verification", _verdict(verdict)),
        (summary.target.board, f"{totals.frames_per_s:,.0f} frames/s, latency {totals.latency_ms:.2f} ms (predicted)"),
        ("LUT, FF", f"{used.lut:,} of {held.lut:,}, {used.ff:,} of {held.ff:,} (predicted)"),
        ("BRAM36, DSP", f"{used.bram36:g} of {held.bram36:g}, {used.dsp} of {held.dsp} (predicted)"),
    ]
    if fixed.is_file():
        rows.insert(1, ("the same, trained with s fixed to 1", f"{load_result(fixed.parent).ap50:.3f}"))
    table = "".join(f"| {name} | {text} |\n" for name, text in rows)
    picture = "![Boxes decoded from the simulated hardware's output](docs/detections.png)\n\n"
    caption = f"The shipped network `{run}` at {summary.target.clock_mhz:g} MHz, by `python docs/results.py`:\n\n"
    _replace(f"{picture}{caption}| | |\n|---|---|\n{table}")


def _verdict(verdict: Verification) -> str:
    values = sum(stage.values for stage in verdict.stages)
    outcome = "every value exact" if verdict.exact else f"differs: {verdict.first_mismatch}"
    return f"{len(verdict.stages)} stages, {verdict.images} images, {values:,} values: {outcome}"


def _replace(text: str) -> None:
    """Puts `text` between the markers in README.md."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}{text}{END}{after}")


if __name__ == "__main__":
    main(*sys.argv[1:] or [RECIPE])
