"""Makes the tables and the plot of docs/ablation.md anew from the JSON files that `benchmarks/` holds of them.

python -m benchmarks.pages.ablation
"""

from __future__ import annotations

import json
from collections import defaultdict

from benchmarks.pages.passages import DOCS, fill_named
from benchmarks.record import RESULTS
from codesign.api.ablate import load_ablation
from codesign.reporting.ablation import markdown, spread, svg

PAGE = DOCS / "ablation.md"


def main() -> None:
    runs = load_ablation(RESULTS / "ablation.json")
    (DOCS / "ablation.svg").write_bytes(svg(runs))
    fill_named(PAGE, "operators", markdown(runs))
    remedies = RESULTS / "qat_remedies.json"
    if remedies.is_file():
        fill_named(PAGE, "remedies", _remedies(json.loads(remedies.read_text())["runs"]))


def _remedies(runs: list[dict]) -> str:
    """AP50 and oscillating weights, in percent, of every option of quantized training."""
    found = defaultdict(list)
    for run in runs:
        found[run["option"]].append(run)
    lines = ["| option | AP50 | weights that oscillate |", "| --- | --: | --: |"]
    for option, several in found.items():
        flips = [run["oscillating_weights"] for run in several if "oscillating_weights" in run]
        lines.append(f"| {option} | {spread([run['ap50'] for run in several])} | {spread(flips, 2)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
