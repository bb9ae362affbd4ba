"""Table and plot of an ablation."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import get_args

from codesign.files import write_bytes, write_text
from codesign.networks.codenet import Operator

Column = tuple[str, str]
"""Order and precision."""


@dataclass(frozen=True)
class AblationRun:
    """One network on the validation set."""

    operator: str
    order: str
    precision: str
    """`fp32`, or e.g. `w4a8`."""
    seed: int
    ap50: float
    ap: float
    ap50_other_sampling: float | None = None
    """fp32 square operators: the same weights with dilations rounded, if they were trained fractional, or fractional,
    if they were trained rounded."""


def load_ablation(file: Path) -> tuple[AblationRun, ...]:
    """Reads `ablation.json`."""
    return tuple(AblationRun(**row) for row in json.loads(file.read_text(encoding="utf-8"))["runs"])


def write_ablation(runs: Sequence[AblationRun], folder: Path) -> None:
    """Write `ablation.md` and `ablation.svg`."""
    write_text(folder / "ablation.md", markdown(runs))
    write_bytes(folder / "ablation.svg", svg(runs))


def markdown(runs: Sequence[AblationRun]) -> str:
    """AP50 per operator, order and precision in percent: mean and standard deviation over the seeds."""
    cells = _cells(runs, "ap50")
    columns = sorted({column for row in cells.values() for column in row})
    headings = ["operator", *(f"{order.replace('_', ' ')}, {precision}" for order, precision in columns)]
    lines = [_line(headings), _line(["---", *["--:"] * len(columns)])]
    lines += [_line([name, *(spread(row.get(column, [])) for column in columns)]) for name, row in cells.items()]
    return "\n".join(lines + _sampling(runs)) + "\n"


def _sampling(runs: Sequence[AblationRun]) -> list[str]:
    """What rounding the dilations after training costs, and what training through the rounding saves."""
    switched = _cells([run for run in runs if run.ap50_other_sampling is not None], "ap50_other_sampling")
    trained = _cells(runs, "ap50")
    if not switched:
        return []
    lines = [
        "",
        _line(["fp32, trained as", "order", "AP50", "with the other sampling"]),
        _line(["---"] * 2 + ["--:"] * 2),
    ]
    for name, row in switched.items():
        for column, values in sorted(row.items()):
            lines.append(_line([name, column[0].replace("_", " "), spread(trained[name][column]), spread(values)]))
    return lines


def svg(runs: Sequence[AblationRun]) -> bytes:
    """AP50 of every run as a point, one row an operator, one panel an order; the mean of the seeds as a line."""
    from matplotlib.figure import Figure

    cells = _cells(runs, "ap50")
    names = list(cells)
    orders = sorted({run.order for run in runs})
    figure = Figure(figsize=(4.5 * len(orders) + 1.5, 0.36 * len(names) + 1.4), layout="constrained")
    panels = figure.subplots(1, len(orders), sharex=True, sharey=True, squeeze=False)[0]
    for panel, order in zip(panels, orders, strict=True):
        precisions = sorted({run.precision for run in runs if run.order == order})
        for number, precision in enumerate(precisions):
            shift = 0.15 * (2 * number - len(precisions) + 1)
            for place, name in enumerate(names):
                values = [100 * value for value in cells[name].get((order, precision), [])]
                label = precision if place == 0 else None
                panel.plot(values, [place + shift] * len(values), "o", color=f"C{number}", ms=4, alpha=0.7, label=label)
                if values:
                    panel.vlines(mean(values), place + shift - 0.14, place + shift + 0.14, color=f"C{number}")
        panel.set_title(order.replace("_", " "), fontsize=10)
        panel.set_xlabel("AP50, %")
        panel.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    panels[-1].legend(loc="best", fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def rows(runs: Sequence[AblationRun]) -> list[tuple[str, str, str, str, str, str]]:
    """Operator, order, precision, number of seeds, AP50 and AP of everything that was trained, in percent."""
    ap50s, aps = _cells(runs, "ap50"), _cells(runs, "ap")
    return [
        (operator, order, precision, str(len(found)), spread(found), spread(aps[operator][order, precision]))
        for operator, columns in ap50s.items()
        for (order, precision), found in columns.items()
    ]


def _cells(runs: Sequence[AblationRun], field: str) -> Mapping[str, Mapping[Column, list[float]]]:
    """By operator, in the order in which recipes name them."""
    found: dict[str, dict[Column, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in sorted(runs, key=lambda run: get_args(Operator).index(run.operator)):
        found[run.operator][run.order, run.precision].append(getattr(run, field))
    return found


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Mean and standard deviation in percent; nothing of nothing."""
    if not values:
        return ""
    deviation = f" ± {100 * stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{100 * mean(values):.{digits}f}{deviation}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
