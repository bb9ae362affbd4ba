"""What the learned dilation is worth: the demo's recipe trained with it, and with s fixed to 1, from several seeds.

    python -m benchmarks.training.deformation [OUT] [SEEDS]

A seed sets the initial weights and the order of the batches; the images are the same. Trainings go on from their last
checkpoint under OUT/runs. Writes benchmarks/results/deformation.json after every seed.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.record import TRAINING, save
from codesign.api.ablate import ablate
from codesign.api.demo import RECIPE
from codesign.cli.console import progress_bars
from codesign.recipe import load_recipe
from codesign.reporting.ablation import AblationRun

LEARNED, FIXED = "square-integer-depthwise", "depthwise"
MEASURES = ("ap50", "ap")


def main(out: str = "runs/deformation", seeds: str = "3") -> None:
    order = load_recipe(RECIPE).model.decoder.order
    runs: list[AblationRun] = []
    with progress_bars() as progress:
        for seed in range(int(seeds)):
            pair = {"operators": (LEARNED, FIXED), "orders": (order,), "seeds": (seed,)}
            runs += ablate(RECIPE, out, **pair, progress=progress)
            save(
                "deformation",
                outcome(runs),
                ("benchmarks/training/deformation.py", "models/codenet-digits.yaml", *TRAINING),
            )


def outcome(runs: Sequence[AblationRun]) -> dict[str, object]:
    """Every run, and for each precision the mean over seeds of either operator and of the difference within a seed."""
    return {
        "recipe": RECIPE,
        "runs": [{key: asdict(run)[key] for key in ("operator", "precision", "seed", *MEASURES)} for run in runs],
        "mean": {precision: _means(runs, precision) for precision in sorted({run.precision for run in runs})},
    }


def _means(runs: Sequence[AblationRun], precision: str) -> dict[str, dict[str, dict[str, float]]]:
    def values(operator: str, measure: str) -> list[float]:
        chosen = (run for run in runs if (run.operator, run.precision) == (operator, precision))
        return [getattr(run, measure) for run in sorted(chosen, key=lambda run: run.seed)]

    means = {}
    for measure in MEASURES:
        learned, fixed = values(LEARNED, measure), values(FIXED, measure)
        gain = [a - b for a, b in zip(learned, fixed, strict=True)]
        means[measure] = {"learned": _summary(learned), "fixed": _summary(fixed), "difference": _summary(gain)}
    return means


def _summary(values: Sequence[float]) -> dict[str, float]:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": round(statistics.mean(values), 4), "deviation": round(spread, 4), "least": round(min(values), 4)}


if __name__ == "__main__":
    main(*sys.argv[1:])
