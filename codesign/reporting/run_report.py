"""What a training run has to show: read from its folder, told on a terminal."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from codesign.recipe import Recipe, load_recipe
from codesign.reporting.tables import plain_table, show
from codesign.tasks import figures
from codesign.training.analysis import Analysis, causes, drop_message, load_analysis
from codesign.training.history import Epoch, best, load_history, of_phase
from codesign.training.run import RECIPE, TrainResult, load_result

PHASES = {"float_phase": "floating point", "quantized_phase": "quantized"}


@dataclass(frozen=True)
class RunReport:
    """A finished run, and what it says of itself; `drop`: of what quantization has cost, if that is much."""

    folder: Path
    recipe: Recipe
    result: TrainResult
    history: tuple[Epoch, ...]
    analysis: Analysis
    drop: str

    def as_json(self) -> str:
        """All figures. Pictures are left out."""
        fields: dict[str, Any] = {
            "run": str(self.folder),
            "recipe": self.recipe.model_dump(mode="json"),
            "result": {key: value for key, value in asdict(self.result).items() if key != "run" and value is not None},
            "history": [asdict(epoch) for epoch in self.history],
            "classes": [asdict(one) for one in self.analysis.examination.classes],
            "confusions": [asdict(one) for one in self.analysis.examination.confusions],
            "layers": [asdict(one) for one in self.analysis.layers],
            "drop": self.drop,
        }
        return json.dumps(fields, indent=1, ensure_ascii=False)


def load_report(folder: Path) -> RunReport:
    """Raises CheckpointError if the run is not finished, or if a file of it is malformed."""
    recipe, result = load_recipe(folder / RECIPE), load_result(folder)
    analysis = load_analysis(folder)
    return RunReport(
        folder, recipe, result, load_history(folder), analysis, drop_message(recipe, result, analysis.layers)
    )


def print_run(report: RunReport, console: Console) -> None:
    """Figures of both networks, of each phase and class, and the layers where quantization costs most."""
    result = report.result
    console.print(f"{report.recipe.name}: {report.analysis.images:,} validation images")
    console.print(f"floating point: {figures(result, 'float_')}")
    if figures(result):
        console.print(f"quantized:      {figures(result)}")
    for phase, name in PHASES.items():
        epochs = of_phase(report.history, phase)
        top = best(epochs)
        if epochs:
            told = "" if top is None else f", best in epoch {top.epoch}"
            console.print(f"{name}: {len(epochs)} epochs, loss {epochs[-1].loss['loss']:.4g}{told}")
    show(_classes(report), console)
    if report.analysis.layers:
        console.print("layers that differ most from floating point:")
        for layer in causes(report.analysis.layers):
            console.print(f"  {layer.layer}: input by {layer.input:.1%}, output by {layer.output:.1%}")
    if report.drop:
        console.print(report.drop, soft_wrap=True)


def _classes(report: RunReport) -> Table:
    classes = report.analysis.examination.classes
    table = plain_table(("class",), ("objects", *(classes[0].figures if classes else ())), gap=1)
    for one in classes:
        values = ("" if value is None else f"{value:.3f}" for value in one.figures.values())
        table.add_row(one.name, f"{one.objects:,}", *values)
    return table
