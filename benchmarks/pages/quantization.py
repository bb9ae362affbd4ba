"""Makes the table and the plot of docs/quantization.md anew from benchmarks/results/qat.json.

python -m benchmarks.pages.quantization
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.pages.passages import DOCS, fill_named, svg, table
from benchmarks.record import load
from codesign.reporting.ablation import spread

PAGE = DOCS / "quantization.md"

Row = dict[str, Any]


def main() -> None:
    found = load("qat")
    groups = _groups(found["runs"])
    fill_named(PAGE, "methods", "\n".join(_methods(*group, found["frames_per_s"]) for group in groups.items()))
    (DOCS / "quantization.svg").write_bytes(svg(_plot(groups)))


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str, int], list[Row]]:
    """Runs by data, network and image size."""
    groups = defaultdict(list)
    for row in rows:
        groups[row["data"], row["network"], row["image_size"]].append(row)
    return dict(sorted(groups.items()))


def _methods(what: tuple[str, str, int], rows: Sequence[Row], frames_per_s: float) -> str:
    """One table; a method's figures are means over its seeds, with the standard deviation where there are several."""
    data, network, size = what
    floats = {row["seed"]: row for row in rows}.values()
    lines = [
        f"{network} on {data} at {size}x{size}. In floating point AP50 {spread([r['float_ap50'] for r in floats])}, "
        f"AP {spread([r['float_ap'] for r in floats])} over {_counted(len(floats), 'seed')}. LUTs and DSP slices are "
        f"predicted for a PYNQ-Z2 at {frames_per_s:g} frames/s.\n"
    ]
    headings = ["method", "bits", "seeds", "AP50", "lost", "AP", "seconds", "LUT", "DSP"]
    lines.append(table(headings, [_line(*method) for method in _by_method(rows)]))
    return "\n".join(lines)


def _by_method(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Methods, best first."""
    methods = defaultdict(list)
    for row in rows:
        methods[row["method"]].append(row)
    return sorted(methods.items(), key=lambda item: sum(_lost(item[1])) / len(item[1]))


def _line(method: str, runs: Sequence[Row]) -> list[str]:
    first = runs[0]
    return [
        method,
        f"W{first['weight_bits']}A{first['activation_bits']}",
        f"{len(runs)}",
        spread([run["ap50"] for run in runs]),
        spread(_lost(runs)),
        spread([run["ap"] for run in runs]),
        f"{sum(run['seconds'] for run in runs) / len(runs):,.0f}",
        *("" if first.get(key) is None else f"{first[key]:,}" for key in ("lut", "dsp")),
    ]


def _lost(runs: Sequence[Row]) -> list[float]:
    return [run["float_ap50"] - run["ap50"] for run in runs]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plot(groups: dict[tuple[str, str, int], list[Row]]) -> Figure:
    """What each method loses, one panel a network and size, every run a point."""
    tallest = max(len(_by_method(rows)) for rows in groups.values())
    figure = Figure(figsize=(7, 0.6 + 0.24 * tallest * len(groups)), layout="constrained")
    panels = figure.subplots(len(groups), 1, squeeze=False)[:, 0]
    for panel, ((data, network, size), rows) in zip(panels, groups.items(), strict=True):
        methods = _by_method(rows)[::-1]
        for place, (_, runs) in enumerate(methods):
            panel.plot(
                [100 * lost for lost in _lost(runs)], [place] * len(runs), "o", ms=5, color="tab:blue", alpha=0.7
            )
        panel.axvline(0, color="grey", lw=0.8)
        panel.set_yticks(range(len(methods)), [method for method, _ in methods], fontsize=7)
        panel.set_title(f"{network} on {data}, {size}x{size}", fontsize=9)
        panel.set_xlabel("AP50 lost to floating point, points", fontsize=8)
        panel.grid(alpha=0.3)
    return figure


if __name__ == "__main__":
    main()
