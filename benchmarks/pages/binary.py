"""Makes the tables and plots of docs/binary.md anew from benchmarks/results/mst.json.

python -m benchmarks.pages.binary
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.pages.passages import DOCS, fill_named, svg, table
from benchmarks.record import RESULTS

PAGE = DOCS / "binary.md"
MEASURED = RESULTS / "mst.json"
FORMS = {
    "plain": "plain",
    "mst": "tree",
    "da4ml": "da4ml",
    "mst_shared": "shared",
    "da4ml_hard_dc2": "da4ml `hard_dc=2`",
    "mst_shared_shallow": "shared",
}
"""Columns of the table of layers."""

Row = dict[str, Any]


def main() -> None:
    found = json.loads(MEASURED.read_text())
    fill_named(PAGE, "layers", _layers(found["layers"]))
    fill_named(PAGE, "blocks", _blocks(found["blocks"]))
    fill_named(PAGE, "scheduling", _scheduling(found["scheduling"]))
    if "training" in found:
        fill_named(PAGE, "training", _training(found["training"]))
        (DOCS / "binary.svg").write_bytes(svg(_plot(found["training"])))


def _layers(rows: Sequence[Row]) -> str:
    """LUTs of every form that was synthesized, and LUTs on the longest path."""
    headings = ["layer", *FORMS.values()]
    return table(headings, [[row["name"], *(_cell(row, form) for form in FORMS)] for row in rows])


def _cell(row: Row, form: str) -> str:
    if form not in row["lut"]:
        return ""
    return f"{row['lut'][form]:,} ({row['depth'][form]})"


def _blocks(rows: Sequence[Row]) -> str:
    """Predicted figures in brackets."""
    headings = ["layer", "inputs", "outputs", "cycles", "LUT", "FF", "plain LUT"]
    return table(
        headings,
        [
            [r["name"], f"{r['inputs']}", f"{r['outputs']}", f"{r['cycles']:,}"]
            + [f"{r[key][1]:,} ({r[key][0]:,})" for key in ("lut", "ff")]
            + [f"{r['plain_lut']:,}"]
            for r in rows
        ],
    )


def _scheduling(rows: Sequence[Row]) -> str:
    headings = ["channels", "bits", "seconds", "kept", "depth"]
    return table(
        headings,
        [
            [f"{r['channels']:,}", f"{r['bits']:,}", f"{r['seconds']:.2f}", f"{r['kept']:.3f}", f"{r['depth']}"]
            for r in rows
        ],
    )


def _training(rows: Sequence[Row]) -> str:
    """Means over the seeds, and from where to where they reach."""
    groups: dict[float, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["loss_weight"]].append(row)
    cells = []
    for weight, runs in sorted(groups.items()):
        depths = [max(run["depth_by_layer"].values()) for run in runs]
        accuracy, kept = (_span([run[key] for run in runs], form) for key, form in (("accuracy", "%"), ("kept", "f")))
        share = [run["tree_share"] for run in runs if "tree_share" in run]
        cells.append(
            [
                f"{weight:g}" if weight else "none",
                f"{len(runs)}",
                accuracy,
                kept,
                f"{min(depths)} to {max(depths)}" if min(depths) < max(depths) else f"{depths[0]}",
                f"{max(share):.1%}" if share else "",
            ]
        )
    return table(["weight of the loss", "seeds", "accuracy", "kept", "deepest tree", "time for trees"], cells)


def _span(values: Sequence[float], form: str) -> str:
    """The mean, and where there are several values the least and the largest."""
    digits = ".1%" if form == "%" else ".3f"
    mean = f"{sum(values) / len(values):{digits}}"
    return mean if len(values) == 1 else f"{mean} ({min(values):{digits}} to {max(values):{digits}})"


def _plot(rows: Sequence[Row]) -> Figure:
    """Every run as a point."""
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    panel = figure.subplots()
    for weight in sorted({row["loss_weight"] for row in rows}):
        runs = [row for row in rows if row["loss_weight"] == weight]
        label = f"weight {weight:g}" if weight else "without the loss"
        panel.plot([r["kept"] for r in runs], [100 * r["accuracy"] for r in runs], "o", ms=5, alpha=0.7, label=label)
    panel.set_xlim(0)
    panel.set_xlabel("bit operations kept")
    panel.set_ylabel("accuracy, %")
    panel.grid(alpha=0.3)
    panel.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
