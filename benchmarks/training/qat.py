"""What each choice of quantized training costs or gains on real pictures, from the same floating-point networks.

    python -m benchmarks.training.qat WORK --data FOLDER [--recipe codenet-cells] [--image-size 256] [--seeds 3]
        [--methods NAME ...] [--set KEY=VALUE ...]

FOLDER is a VOC folder with lists `train`, `val` and `test`. For every seed trains the recipe on `train` in floating
point once, then quantizes that network with every method of METHODS: by training on `train`, or after it. Runs end
with their last weights, so that none has seen the pictures that it is measured on. Methods are to be compared, and the
best one chosen, on `val`; what the chosen one then reaches is the figure on `test`.

Run folders are kept in WORK/SIZE: what was interrupted goes on from its last checkpoint, what is finished is not
trained again. LUT and DSP slices are predicted for a PYNQ-Z2 that does FRAMES_PER_S with the least hardware. Writes
benchmarks/results/qat.json after every run; rows of other runs stay there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.record import SCHEDULER, TRAINING, load, save
from codesign.data.dataset import SampleSet, training_set, validation_set
from codesign.errors import ScheduleError
from codesign.frontend.export import export_qonnx
from codesign.frontend.qonnx import import_qonnx
from codesign.nn.network import Network
from codesign.recipe import PTQ, Recipe, load_recipe, save_recipe
from codesign.schedule import schedule
from codesign.targets import load_target
from codesign.training import train
from codesign.training.metrics import evaluate_network
from codesign.training.run import RECIPE, copy_float_phase, load_float_run, load_run

FRAMES_PER_S = 200.0
STEPS = 260
"""Steps of a method's training: twenty passes over 205 pictures, few enough that what is learned quickly shows."""

FLOAT = ("training.keep=last", "training.validate_every=1000")
"""What floating-point runs say: the last weights count, so that looks at other pictures in between are of no use."""


def _phase(steps: int, rate: float) -> str:
    return f"training.quantized_phase={{steps: {steps}, learning_rate: {rate}}}"


BASE = (
    *FLOAT,
    "training.batch_norm=kept",
    _phase(STEPS, 2e-3),
    "quantization.weight_bits=4",
    "quantization.activation_bits=8",
    "quantization.weight_scale=largest",
    "quantization.activation_percentile=99.9",
)
"""What every method says, whatever the defaults are, unless it says otherwise."""

FOLDED = "training.batch_norm=folded"
UNTRAINED = "training.quantized_phase={steps: 0}"
UNCLIPPED = "quantization.weight_scale=unclipped"
MAXIMUM = "quantization.activation_percentile=100"
WIDE_HEADS = "quantization.layers={'heads.*': {weight_bits: 8}}"
WIDE_DEPTHWISE = "quantization.layers={'*depthwise': {weight_bits: 8}, '*.spatial': {weight_bits: 8}}"


METHODS: dict[str, tuple[str, ...]] = {
    "base": (),
    "folded first, rate of 5e-4": (FOLDED, _phase(STEPS, 5e-4)),
    "rate of 5e-4": (_phase(STEPS, 5e-4),),
    "batch norm folded first": (FOLDED,),
    "three times as long": (_phase(3 * STEPS, 2e-3),),
    "post-training": PTQ,
    "weight scales unclipped": (UNCLIPPED,),
    "8-bit weights": ("quantization.weight_bits=8",),
    "rate of 4e-3": (_phase(STEPS, 4e-3),),
    "weight scales from statistics": ("quantization.weight_scale=statistics",),
    "equalized": ("quantization.equalize=true",),
    "untrained": (UNTRAINED,),
    "untrained, unclipped": (UNTRAINED, UNCLIPPED),
    "heads of 8 bits": (WIDE_HEADS,),
    "depthwise weights of 8 bits": (WIDE_DEPTHWISE,),
    "4-bit activations": ("quantization.activation_bits=4",),
    "activations to their maximum": (MAXIMUM,),
    "moving average": ("training.ema=0.98",),
    "distillation": ("training.distillation={weight: 1.0}",),
    "untrained, unclipped, equalized": (UNTRAINED, UNCLIPPED, "quantization.equalize=true"),
    "untrained, unclipped, rounded": (UNTRAINED, UNCLIPPED, "quantization.adaptive_rounding=true"),
    "post-training, heads of 8 bits": (*PTQ, WIDE_HEADS),
    "post-training, depthwise weights of 8 bits": (*PTQ, WIDE_DEPTHWISE),
    "post-training, 8-bit weights": (*PTQ, "quantization.weight_bits=8"),
}
"""Settings of a recipe by what they are called on the page, those first that say most."""


@dataclass(frozen=True)
class Splits:
    """What networks are measured on: `val` chooses, `test` tells what the chosen one is worth."""

    val: SampleSet
    test: SampleSet


def parted(data: Path, folder: Path, measured_on: str) -> Path:
    """A VOC folder of the pictures of `data` whose lists are `train` and `measured_on` alone, in `folder`."""
    lists = folder / "ImageSets" / "Main"
    lists.mkdir(parents=True, exist_ok=True)
    for name in ("train", measured_on):
        shutil.copyfile(data / "ImageSets" / "Main" / f"{name}.txt", lists / f"{name}.txt")
    for name in ("Annotations", "JPEGImages"):
        if not (folder / name).exists():
            (folder / name).symlink_to(os.path.abspath(data / name), target_is_directory=True)
    return folder.resolve()


def floating_point(settings: Sequence[str], recipe: str, run: Path) -> Path:
    """The run folder of the floating-point network alone, trained unless it is there."""
    one = load_recipe(recipe, [*settings, *FLOAT, "training.quantized_phase=null"])
    train(one, run, resume=run.is_dir())
    return run


def quantized(settings: Sequence[str], recipe: str, floating: Path, run: Path) -> float:
    """Trains a method's run from the network of `floating` unless it is there. Returns the seconds that it took."""
    one = load_recipe(recipe, settings)
    if not (run / RECIPE).is_file():
        copy_float_phase(floating, run)
        save_recipe(one, run / RECIPE)
    started = time.monotonic()
    train(one, run, resume=True)
    took = run / "seconds.json"  # of all that it took, unlike result.json, which forgets what was resumed
    if not took.is_file():
        took.write_text(json.dumps(round(time.monotonic() - started, 1)))
    seconds: float = json.loads(took.read_text())
    return seconds


def measured(network: Network, recipe: Recipe, splits: Splits, prefix: str = "") -> dict[str, float]:
    """AP50 and AP on `test`, and on `val`, where their names say so."""
    figures = {}
    for split, samples in (("val_", splits.val), ("", splits.test)):
        found = evaluate_network(network, recipe, samples)
        figures |= {f"{prefix}{split}ap50": round(found.ap50, 4), f"{prefix}{split}ap": round(found.ap, 4)}
    return figures


def hardware(run: Path, known: dict[str, dict[str, int | None]]) -> dict[str, int | None]:
    """LUTs and DSP slices that the cost model predicts of a run; none if it does not fit.

    known: of other runs by their widths, which decide nearly all of it.
    """
    recipe, network = load_run(run)
    fields = {"weight_bits", "stem_weight_bits", "activation_bits", "output_bits", "layers"}
    widths = recipe.quantization.model_dump_json(include=fields)
    if widths not in known:
        known[widths] = _predicted(recipe, network)
    return known[widths]


def _predicted(recipe: Recipe, network: Network) -> dict[str, int | None]:
    try:
        plan = schedule(
            import_qonnx(export_qonnx(network, recipe)), load_target("pynq-z2"), fps=FRAMES_PER_S, streaming=True
        )
    except ScheduleError:
        return {"lut": None, "dsp": None}
    return {"lut": plan.used.lut, "dsp": plan.used.dsp}


def row(method: str, recipe: Recipe, data: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """As qat.json holds it. data: what the pictures are called."""
    phases = recipe.training
    assert phases.quantized_phase is not None  # every method has one, if of no steps
    return {
        "data": data,
        "network": recipe.name,
        "image_size": recipe.data.image_size,
        "method": method,
        "settings": list(METHODS[method]),
        "weight_bits": recipe.quantization.weight_bits,
        "activation_bits": recipe.quantization.activation_bits,
        "seed": recipe.seed,
        "float_phase": phases.float_phase.model_dump(exclude_none=True),
        "quantized_phase": phases.quantized_phase.model_dump(exclude_none=True),
        **figures,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="VOC folder of the pictures")
    parser.add_argument("--recipe", default="codenet-cells")
    parser.add_argument("--image-size", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--set", action="append", default=[], dest="settings", help="setting of the recipe")
    given = parser.parse_args()
    folder = given.work / str(given.image_size)
    chosen_on, tested_on = (parted(given.data, given.work / f"pictures-{name}", name) for name in ("val", "test"))
    common = [f"data.image_size={given.image_size}", *given.settings]
    recipe, tested = (load_recipe(given.recipe, [*common, f"data.path={path}"]) for path in (chosen_on, tested_on))
    splits = Splits(validation_set(recipe), validation_set(tested))
    counts = {
        "train_pictures": len(training_set(recipe)),
        "val_pictures": len(splits.val),
        "test_pictures": len(splits.test),
    }
    rows: list[dict[str, Any]] = []
    known: dict[str, dict[str, int | None]] = {}
    for seed in range(given.seeds):
        settings = [*common, f"data.path={chosen_on}", f"seed={seed}"]
        floating = floating_point(settings, given.recipe, folder / f"{seed}-float")
        reached = measured(load_float_run(floating)[1], recipe, splits, "float_")
        for method in given.methods:
            run = folder / f"{seed}-{method.replace(' ', '-')}"
            seconds = quantized([*settings, *BASE, *METHODS[method]], given.recipe, floating, run)
            one, network = load_run(run)
            figures = counts | reached | measured(network, one, splits) | {"seconds": seconds} | hardware(run, known)
            rows.append(row(method, one, given.data.name, figures))
            keep(rows)


def keep(new: Sequence[dict[str, Any]]) -> None:
    """Put rows into qat.json, in place of those of the same runs."""
    print(json.dumps(new[-1]), flush=True)
    same = ("data", "network", "image_size", "method", "weight_bits", "activation_bits", "seed")
    replaced = {tuple(row[key] for key in same) for row in new}
    others = [row for row in load("qat").get("runs", []) if tuple(row[key] for key in same) not in replaced]
    save("qat", {"frames_per_s": FRAMES_PER_S, "runs": [*others, *new]}, (*TRAINING, *SCHEDULER), whole=not others)


if __name__ == "__main__":
    main()
