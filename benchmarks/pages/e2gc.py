"""Makes the tables and plots of docs/e2gc.md anew from benchmarks/results/e2gc.json.

python -m benchmarks.pages.e2gc
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.pages.passages import DOCS, fill_named, svg, table
from benchmarks.record import RESULTS
from codesign.reporting.ablation import spread

PAGE = DOCS / "e2gc.md"
MEASURED = RESULTS / "e2gc.json"

Point = dict[str, Any]

ROWS: dict[str, Callable[[Point], float]] = {
    "kilocycles a frame": lambda p: p["interval_cycles"] / 1e3,
    "microjoules a frame": lambda p: sum(p["energy_uj"]) / 2,
    "merit": lambda p: p["merit"],
}
"""The plot's panels, and what each shows of a point."""


def main() -> None:
    found = json.loads(MEASURED.read_text())
    (DOCS / "e2gc.svg").write_bytes(svg(_stacks(found["stacks"])))
    fill_named(PAGE, "stacks", "\n".join(_points(stack) for stack in found["stacks"]))
    fill_named(PAGE, "choices", _choices(found["stacks"]))
    fill_named(PAGE, "layers", _layers(found["stacks"][0]))
    if "accuracy" in found:
        (DOCS / "e2gc_accuracy.svg").write_bytes(svg(_accuracy(found["accuracy"])))
        fill_named(PAGE, "accuracy", _accuracies(found["accuracy"]))


def _points(stack: dict[str, Any]) -> str:
    """What was measured of every size, and in brackets by how much the prediction is above it."""
    headings = ("G", "MACs", "cycles", "LUT", "DSP", "BRAM36", "energy, uJ", "merit", "merit predicted")
    rows = []
    for point in stack["points"]:
        held, above = point["measured"], point["error"]
        used = held["used"]
        rows.append(
            [
                f"{point['group_size']}",
                f"{held['macs']:,}",
                f"{held['interval_cycles']:,} ({above['interval_cycles']:+.1%})",
                f"{used['lut']:,} ({above['lut']:+.1%})",
                f"{used['dsp']} ({above['dsp']:+.1%})",
                f"{used['bram36']:g} ({above['bram36']:+.1%})",
                f"{ROWS['microjoules a frame'](held):.2f} ({above['energy_uj']:+.1%})",
                f"{held['merit']:.2f}",
                f"{point['predicted']['merit']:.2f}",
            ]
        )
    title = f"**{stack['name']}**, at most {stack['max_dsp']} DSP slices of a {stack['target']}"
    return f"{title}\n\n{table(headings, rows, first='--:')}"


def _choices(stacks: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            s["name"],
            f"{s['chosen_g']}",
            f"{s['best_g']}",
            f"{s['energy_gap']:+.1%}",
            f"{s['cycles_gap']:+.1%}",
        ]
        for s in stacks
    ]
    return table(
        ("stack", "chosen G", "measured best G", "energy a MAC above the best's", "cycles a MAC"), rows, first="--:"
    )


def _layers(stack: dict[str, Any]) -> str:
    """The table of the first layer in groups."""
    headings = (
        "G",
        "MACs",
        "multipliers",
        "DSP",
        "busy",
        "weight bits a cycle",
        "weights read, kbit",
        "pixels moved, kbit",
    )
    rows = []
    for point in stack["points"]:
        layer = point["predicted"]["layers"][0]
        rows.append(
            [
                f"{point['group_size']}",
                f"{layer['macs']:,}",
                f"{layer['multipliers']}",
                f"{layer['dsp']}",
                f"{layer['busy']:.0%}",
                f"{layer['port_bits']}",
                f"{layer['weight_bits'] / 1e3:,.0f}",
                f"{layer['activation_bits'] / 1e3:,.0f}",
            ]
        )
    return table(headings, rows, first="--:")


def _accuracies(runs: Sequence[dict[str, Any]]) -> str:
    found = defaultdict(list)
    for run in runs:
        found[run["macs"], run["form"], run["value"], run["parameters"]].append(run)
    rows = [
        [
            f"{macs:,}",
            f"{value} channels a group" if form == "size" else f"{value} groups",
            f"{parameters:,}",
            spread([run["float_accuracy"] for run in several]),
            spread([run["accuracy"] for run in several]),
        ]
        for (macs, form, value, parameters), several in sorted(found.items(), key=lambda pair: (pair[0][0], pair[0][3]))
    ]
    return table(("MACs", "constant", "parameters", "accuracy, fp32, %", "accuracy, w4a8, %"), rows, first="--:")


def _stacks(stacks: Sequence[dict[str, Any]]) -> Figure:
    """A column a stack: predictions as lines, measurements as crosses; the chosen size dashed."""
    figure = Figure(figsize=(3.1 * len(stacks), 6.4), layout="constrained")
    panels = figure.subplots(len(ROWS), len(stacks), sharex=True, squeeze=False)
    for column, stack in enumerate(stacks):
        sizes = [point["group_size"] for point in stack["points"]]
        for (label, value), panel in zip(ROWS.items(), panels[:, column], strict=True):
            panel.plot(sizes, [value(p["predicted"]) for p in stack["points"]], "-", label="predicted")
            panel.plot(sizes, [value(p["measured"]) for p in stack["points"]], "x", color="C3", label="measured")
            panel.axvline(stack["chosen_g"], color="0.6", ls="--", lw=1)
            panel.set_xscale("log", base=2)
            panel.set_xticks(sizes, [str(size) for size in sizes])
            panel.set_ylim(0)
            panel.grid(alpha=0.3)
            panel.set_ylabel(label if column == 0 else "")
        panels[0, column].set_title(stack["name"], fontsize=10)
        panels[-1, column].set_xlabel("channels a group")
    panels[0, 0].legend(fontsize=8)
    return figure


def _accuracy(runs: Sequence[dict[str, Any]]) -> Figure:
    """Every run as a point."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    places = {macs: place for place, macs in enumerate(sorted({run["macs"] for run in runs}))}
    for panel, (key, title) in zip(panels, {"float_accuracy": "fp32", "accuracy": "w4a8"}.items(), strict=True):
        for number, (form, label) in enumerate({"size": "constant size", "number": "constant number"}.items()):
            shown = [run for run in runs if run["form"] == form]
            across = [places[run["macs"]] + 0.16 * (2 * number - 1) for run in shown]
            panel.plot(across, [100 * run[key] for run in shown], "o", ms=5, alpha=0.7, label=label)
        panel.set_xticks(list(places.values()), [f"{macs / 1e6:.2f} M" for macs in places])
        panel.set_xlabel("multiplications")
        panel.set_title(title, fontsize=10)
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("accuracy, %")
    panels[0].legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
