"""The page of a training run: one file without scripts, fonts or anything else from a network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from codesign.errors import CheckpointError
from codesign.files import write_text
from codesign.reading import MIB, read_bytes
from codesign.reporting.page import environment
from codesign.reporting.run_plots import losses, measured, precision, rates
from codesign.reporting.run_report import RunReport
from codesign.tasks import figures_of
from codesign.tasks.base import ClassFigures, Confusion, Mark
from codesign.training.analysis import EXAMPLES, Example, causes
from codesign.training.history import of_phase
from codesign.training.layer_errors import LayerError
from codesign.version import VERSION

MOST_CURVES = 24
"""Precision is drawn of this many classes: those of most objects."""
MOST_IN_MATRIX = 24
"""Classes of a confusion matrix; of more, the most frequent confusions are listed."""
MOST_LISTED = 30
TYPES = {".png": "image/png", ".jpg": "image/jpeg"}


def write_run_page(report: RunReport, path: Path) -> None:
    """Writes the page to `path`. Raises CheckpointError if one of the run's pictures is missing."""
    examination, history = report.analysis.examination, report.history
    shown = sorted(examination.classes, key=lambda one: -one.objects)[:MOST_CURVES]
    text = (
        environment()
        .get_template("run.html.j2")
        .render(
            recipe=report.recipe,
            size=" × ".join(map(str, report.recipe.data.size)),  # noqa: RUF001
            verdict=_verdict(report),
            tiles=_tiles(report),
            drop=report.drop,
            lines=[lines for lines in (losses(history), measured(history), rates(history)) if lines],
            quantized_from=len(of_phase(history, "float_phase")),
            classes=[_class(one, examination.classes) for one in examination.classes],
            curves=[plot for plot in map(precision, shown) if plot],
            curves_left_out=max(0, len(examination.classes) - MOST_CURVES),
            matrix=_matrix(examination.classes, examination.confusions),
            confusions=_listed(examination.classes, examination.confusions),
            layers=_layers(report.analysis.layers),
            pictures=[_picture(report.folder, example) for example in report.analysis.examples],
            version=VERSION,
        )
    )
    write_text(path, text)


def _verdict(report: RunReport) -> dict[str, str]:
    """What quantization costs, where there is any."""
    final, first = figures_of(report.result), figures_of(report.result, "float_")
    if not final:
        return {"level": "none", "title": "Floating point", "note": "not quantized"}
    name, value = next(iter(final.items()))
    lost = 100 * (first.get(name, value) - value)
    points = f"{abs(lost):.1f} points of {name} {'below' if lost >= 0 else 'above'} floating point"
    return {
        "level": "part" if report.drop else "good",
        "title": "Quantization costs much" if report.drop else "Quantized",
        "note": points,
    }


def _tiles(report: RunReport) -> list[dict[str, str]]:
    final, first = figures_of(report.result), figures_of(report.result, "float_")
    tiles = [
        _tile(label, f"{value:.3f}", note=f"{first[label]:.3f} in floating point" if final else "in floating point")
        for label, value in (final or first).items()
    ]
    widths, epochs = report.recipe.quantization, len(report.history)
    bits = "1" if widths.binary else f"{widths.weight_bits} and {widths.activation_bits}"
    return [
        *tiles,
        _tile("Widths", bits, "bit", "weights and activations"),
        _tile("Training", _time(report.result.seconds), note=f"{epochs} epochs"),
        _tile("Validation", f"{report.analysis.images:,}", "images", _objects(report)),
    ]


def _tile(label: str, figure: str, unit: str = "", note: str = "") -> dict[str, str]:
    return {"label": label, "figure": figure, "unit": unit, "note": note}


def _objects(report: RunReport) -> str:
    classes = report.analysis.examination.classes
    return f"{sum(one.objects for one in classes):,} objects of {len(classes)} classes"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _class(one: ClassFigures, classes: Sequence[ClassFigures]) -> dict[str, Any]:
    most = max(other.objects for other in classes) or 1
    cells = [{"text": f"{one.objects:,}", "percent": round(100 * one.objects / most, 1)}]
    cells += [
        {"text": "" if value is None else f"{value:.3f}", "percent": round(100 * (value or 0), 1)}
        for value in one.figures.values()
    ]
    return {"name": one.name, "cells": cells, "metrics": ["objects", *one.figures]}


def _matrix(classes: Sequence[ClassFigures], confusions: Sequence[Confusion]) -> dict[str, Any] | None:
    """Rows are what is there, columns what was found; the last of each are nothing, for detectors."""
    if len(classes) > MOST_IN_MATRIX:
        return None
    names = [one.name for one in classes]
    beside = any(None in (one.truth, one.found) for one in confusions)
    counts = {(one.truth, one.found): one.count for one in confusions}
    labels: list[int | None] = [*range(len(names)), *([None] if beside else [])]
    rows = []
    for truth in labels:
        row = [counts.get((truth, found), 0) for found in labels]
        whole = sum(row) or 1
        cells = [
            {
                "count": f"{count:,}" if count else "",
                "share": round(100 * count / whole),
                "right": truth is not None and truth == found,
                "void": truth is None and found is None,
            }
            for found, count in zip(labels, row, strict=True)
        ]
        rows.append({"name": "nothing" if truth is None else names[truth], "cells": cells})
    return {"columns": ["missed" if found is None else names[found] for found in labels], "rows": rows}


def _listed(classes: Sequence[ClassFigures], confusions: Sequence[Confusion]) -> list[dict[str, str]]:
    """The most frequent mistakes, where there are too many classes for a matrix."""
    if len(classes) <= MOST_IN_MATRIX:
        return []
    names = {index: one.name for index, one in enumerate(classes)}
    wrong = sorted((one for one in confusions if one.truth != one.found), key=lambda one: -one.count)
    return [
        {
            "truth": "nothing" if one.truth is None else names[one.truth],
            "found": "missed" if one.found is None else names[one.found],
            "count": f"{one.count:,}",
        }
        for one in wrong[:MOST_LISTED]
    ]


def _layers(layers: Sequence[LayerError]) -> list[dict[str, Any]]:
    worst = causes(layers)
    kinds = ("weights", "activations", "input", "output")
    most = {kind: max((getattr(one, kind) or 0.0 for one in layers), default=0) or 1 for kind in kinds}
    scale = {"weights": most["weights"], "activations": most["activations"]}
    scale |= dict.fromkeys(("input", "output"), max(most["input"], most["output"]))
    found = []
    for one in layers:
        parent, dot, leaf = one.layer.rpartition(".")
        cells = [
            {
                "text": "" if getattr(one, kind) is None else f"{getattr(one, kind):.1%}",
                "percent": round(100 * (getattr(one, kind) or 0.0) / scale[kind], 1),
            }
            for kind in kinds
        ]
        found.append(
            {"parent": parent + dot, "leaf": leaf, "cells": cells, "metrics": LAYER_HEADINGS, "worst": one in worst}
        )
    return found


LAYER_HEADINGS = ("weights", "activations", "input differs", "output differs")


def _picture(folder: Path, example: Example) -> dict[str, Any]:
    file = folder / EXAMPLES / example.file
    try:
        content = read_bytes(file, CheckpointError, limit=16 * MIB)
    except FileNotFoundError as error:
        raise CheckpointError("is missing", where=str(file), remedy="train again") from error
    font = min(example.width, example.height) / 14
    return {
        **asdict(example),
        "uri": f"data:{TYPES[file.suffix]};base64,{base64.b64encode(content).decode()}",
        "font": font,
        "truth": [asdict(mark) for mark in example.truth],
        "found": [_label(mark, example, font) for mark in example.found],
    }


def _label(mark: Mark, example: Example, font: float) -> dict[str, Any]:
    """A mark and the place of its label, inside of the picture."""
    x = min(max(mark.x, 1), max(example.width - 0.55 * font * len(mark.label), 1))
    return {**asdict(mark), "text_x": x, "text_y": max(mark.y - font / 4, font)}
