"""What each option of quantized training is worth, from the same floating-point networks.

    python -m benchmarks.training.qat_remedies ABLATION

ABLATION is a folder of `codesign ablate`; its floating-point networks with the hardware's operator are quantized anew
with each option; one option starts from those that were trained with fractional dilations instead. Besides AP50, counts
the weights that oscillate: those whose integer changes at least twice in the last hundred steps. Writes
qat_remedies.json; finished runs are kept in ABLATION/remedies and not trained again.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from benchmarks.record import TRAINING, save
from codesign.nn.fused import QuantConv2d
from codesign.recipe import load_recipe, save_recipe
from codesign.training import train
from codesign.training.run import FLOAT_CHECKPOINT, RECIPE, RESULT, load_result
from codesign.training.task import TrainingTask

RUNS = "square-integer-depthwise-pointwise_first-*"
FRACTIONAL = ("training.fractional_first=true",)
OPTIONS = {
    "none": (),
    "floating point with fractional dilations": FRACTIONAL,
    "weight scales from statistics": ("quantization.weight_scale=statistics",),
    "confident weights frozen": ("training.freezing={epochs: 1, boundary: 0.01}",),
    "weights clipped at the 99th percentile": ("quantization.weight_percentile=99",),
    "distillation": ("training.distillation={weight: 1.0}",),
    "moving average": ("training.ema=0.99",),
}
PHASE = "training.quantized_phase={epochs: 3, learning_rate: 1.0e-3}"
WATCHED_STEPS = 100


class Flips:
    """Counts, for every weight, how often its integer changes from step to step."""

    def __init__(self) -> None:
        self.integers: torch.Tensor | None = None
        self.changes: torch.Tensor | None = None

    def see(self, task: TrainingTask) -> None:
        convolutions = [module for module in task.modules() if isinstance(module, QuantConv2d)]
        if not convolutions or task.total_steps - task.global_step > WATCHED_STEPS:
            return
        now = torch.cat([conv.weight_steps().round().flatten() for conv in convolutions])
        if self.integers is None:
            self.integers, self.changes = now, torch.zeros_like(now)
        self.changes += now != self.integers
        self.integers = now

    @property
    def oscillating(self) -> float:
        return float((self.changes >= 2).float().mean())


@contextmanager
def watched() -> Iterator[Flips]:
    """Counts in whatever is trained meanwhile."""
    flips = Flips()
    TrainingTask.on_train_batch_end = lambda task, *_: flips.see(task)
    try:
        yield flips
    finally:
        del TrainingTask.on_train_batch_end


def quantize(trained: Path, out: Path, settings: tuple[str, ...]) -> dict[str, float]:
    """Quantize the floating-point network of a run."""
    record = out / "remedy.json"
    if not record.is_file():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        start = trained.with_name(trained.name.replace("-integer", "")) if settings == FRACTIONAL else trained
        save_recipe(load_recipe(trained / RECIPE, [PHASE, *settings]), out / RECIPE)
        shutil.copyfile(start / FLOAT_CHECKPOINT, out / FLOAT_CHECKPOINT)
        with watched() as flips:
            result = train(out / RECIPE, out, resume=True)
        record.write_text(json.dumps({"ap50": result.ap50, "oscillating_weights": round(flips.oscillating, 5)}))
    return json.loads(record.read_text())


def main(folder: Path) -> None:
    finished = sorted(run for run in (folder / "runs").glob(RUNS) if (run / RESULT).is_file())
    rows = []
    for trained in finished:
        seed = load_recipe(trained / RECIPE).seed
        rows.append({"option": "fp32", "seed": seed, "ap50": load_result(trained).float_ap50})
        for option, settings in OPTIONS.items():
            out = folder / "remedies" / f"{seed}-{option.replace(' ', '-')}"
            rows.append({"option": option, "seed": seed, **quantize(trained, out, settings)})
            print(rows[-1], flush=True)
            content = {"quantized_phase": PHASE.partition("=")[2], "runs": rows}
            save("qat_remedies", content, ("benchmarks/training/qat_remedies.py", *TRAINING))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
