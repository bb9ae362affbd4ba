"""Makes the tables and the plot of docs/ablation.md anew from the JSON files that `benchmarks/` holds of them.

python docs/ablation.py
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

from codesign.api.ablate import load_ablation
from codesign.reporting.ablation import markdown, svg

HERE = Path(__file__).parent
BENCHMARKS = HERE.parent / "benchmarks"


def main() -> None:
    runs = load_ablation(BENCHMARKS / "ablation.json")
    (HERE / "ablation.svg").write_bytes(svg(runs))
    _replace("operators", markdown(runs))
    remedies = BENCHMARKS / "qat_remedies.json"
    if remedies.is_file():
        _replace("remedies", _remedies(json.loads(remedies.read_text())["runs"]))


def _remedies(runs: list[dict]) -> str:
    """AP50 and oscillating weights, in percent, of every option of quantized training."""
    found = defaultdict(list)
    for run in runs:
        found[run["option"]].append(run)
    lines = ["| option | AP50 | weights that oscillate |", "| --- | --: | --: |"]
    for option, several in found.items():
        flips = [run["oscillating_weights"] for run in several if "oscillating_weights" in run]
        lines.append(f"| {option} | {_spread([run['ap50'] for run in several])} | {_spread(flips, 2)} |")
    return "\n".join(lines) + "\n"


def _spread(values: list[float], digits: int = 1) -> str:
    if not values:
        return ""
    spread = f" ± {100 * stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{100 * mean(values):.{digits}f}{spread}"


def _replace(name: str, text: str) -> None:
    """Puts `text` between the markers of that name in ablation.md."""
    file = HERE / "ablation.md"
    begin, end = f"<!-- {name}: docs/ablation.py -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = file.read_text().partition(begin)
    _, _, after = rest.partition(end)
    if found:
        file.write_text(f"{before}{begin}\n{text}\n{end}{after}")


if __name__ == "__main__":
    main()
