"""Makes the figures of README.md anew: exports a shipped run, verifies it, reports on it, and writes the outcome down.

    python -m benchmarks.pages.results [RUN]

Writes results.json of benchmarks/results, the boxes in docs/detections.png and, from these and deformation.json, the
table of README.md.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import codesign
from benchmarks.pages.passages import fill
from benchmarks.record import EXPORT, ROOT, load, save
from codesign.api.demo import FIXED, IMAGES, RECIPE
from codesign.cli.console import progress_bars
from codesign.verification.compare import Verification

SOURCES = ("benchmarks/pages/results.py", "models/codenet-digits/*", "models/codenet-digits-fixed/*", *EXPORT)
BEGIN, END = "<!-- results: benchmarks/pages/results.py -->\n", "<!-- end of results -->\n"


def main(run: str) -> None:
    save("results", measured(run), SOURCES)
    fill_readme()


def measured(run: str) -> dict[str, object]:
    """Exports, verifies and evaluates a run; what its hardware takes is the cost model's prediction."""
    with tempfile.TemporaryDirectory() as scratch, progress_bars() as progress:
        build = codesign.export(run, Path(scratch) / "build", progress=progress).folder
        verdict = codesign.verify(build, images=IMAGES, progress=progress)
        precision = codesign.evaluate(build, backend="graph", progress=progress)
        fixed = codesign.evaluate(FIXED, backend="graph", progress=progress)
        summary = codesign.report(build, html=True, progress=progress).summary
        shutil.copyfile(build.detections, ROOT / "docs" / "detections.png")
    totals, target = summary.totals, summary.target
    used, held = totals.resources, target.resources
    return {
        "run": run,
        "ap50": round(precision.ap50, 4),
        "ap": round(precision.ap, 4),
        "validation_images": precision.images,
        "ap50_fixed_dilation": round(fixed.ap50, 4),
        "ap_fixed_dilation": round(fixed.ap, 4),
        "verification": _verdict(verdict),
        "board": target.board,
        "clock_mhz": target.clock_mhz,
        "frames_per_s": totals.frames_per_s,
        "latency_ms": totals.latency_ms,
        "resources": {name: [getattr(used, name), getattr(held, name)] for name in ("lut", "ff", "bram36", "dsp")},
    }


def _verdict(verdict: Verification) -> str:
    values = sum(stage.values for stage in verdict.stages)
    outcome = "every value exact" if verdict.exact else f"differs: {verdict.first_mismatch}"
    return f"{len(verdict.stages)} stages, {verdict.images} images, {values:,} values: {outcome}"


def fill_readme() -> None:
    """Puts what the JSON files hold between the markers in README.md."""
    found = load("results")
    resources = {name: f"{used:,g} of {held:,g}" for name, (used, held) in found["resources"].items()}
    fixed = f"{found['ap50_fixed_dilation']:.3f} ({found['ap_fixed_dilation']:.3f})"
    rows = [
        ("AP50 (AP)", f"{found['ap50']:.3f} ({found['ap']:.3f}) on {found['validation_images']:,} validation images"),
        ("the same, trained with s fixed to 1", fixed),
        *_deformation(),
        ("verification", found["verification"]),
        (found["board"], f"{found['frames_per_s']:,.0f} frames/s, latency {found['latency_ms']:.2f} ms (predicted)"),
        ("LUT, FF", f"{resources['lut']}, {resources['ff']} (predicted)"),
        ("BRAM36, DSP", f"{resources['bram36']}, {resources['dsp']} (predicted)"),
    ]
    table = "".join(f"| {name} | {text} |\n" for name, text in rows)
    picture = "![Boxes decoded from the simulated hardware's output](docs/detections.png)\n\n"
    caption = f"The shipped network `{found['run']}` at {found['clock_mhz']:g} MHz"
    caption += ", by `python -m benchmarks.pages.results`:\n\n"
    fill(ROOT / "README.md", BEGIN, END, f"{picture}{caption}| | |\n|---|---|\n{table}")


def _deformation() -> list[tuple[str, str]]:
    """The difference that the dilation makes, over several seeds."""
    found = load("deformation")
    quantized = next(name for name in found["mean"] if name.startswith("w"))
    gains = {measure: means["difference"] for measure, means in found["mean"][quantized].items()}
    seeds = len({run["seed"] for run in found["runs"]})
    text = ", ".join(f"{name.upper()} {gain['mean']:+.3f} ± {gain['deviation']:.3f}" for name, gain in gains.items())
    return [(f"what s adds, mean and deviation of {seeds} seeds", text)]


if __name__ == "__main__":
    main(*sys.argv[1:] or [RECIPE])
