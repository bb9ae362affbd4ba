"""What each choice of quantized training costs or gains on real pictures, from the same floating-point networks.

    python -m benchmarks.training.qat WORK --data FOLDER [--recipe codenet-cells] [--image-size 256] [--seeds 3]
        [--methods NAME ...] [--set KEY=VALUE ...]

For every seed trains the recipe in floating point once, then quantizes that network with every method of METHODS: by
training, or after it. Run folders are kept in WORK/SIZE: what was interrupted goes on from its last checkpoint, what is
finished is not trained again. Measured on the test split. LUT and DSP slices are predicted for a PYNQ-Z2 that does
FRAMES_PER_S with the least hardware. Writes benchmarks/results/qat.json after every run; rows of other runs stay there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.record import SCHEDULER, TRAINING, load, save
from codesign.errors import ScheduleError
from codesign.frontend.export import export_qonnx
from codesign.frontend.qonnx import import_qonnx
from codesign.nn.network import Network
from codesign.recipe import PTQ, Recipe, load_recipe, save_recipe
from codesign.schedule import schedule
from codesign.targets import load_target
from codesign.training import train
from codesign.training.run import FLOAT_CHECKPOINT, RECIPE, load_result, load_run

FRAMES_PER_S = 200.0

BASE = (
    "training.batch_norm=kept",
    "quantization.weight_bits=4",
    "quantization.activation_bits=8",
    "quantization.weight_scale=largest",
    "quantization.activation_percentile=99.9",
)
"""What every method says, whatever the defaults are, unless it says otherwise."""

UNTRAINED = "training.quantized_phase={steps: 0}"
UNCLIPPED = "quantization.weight_scale=unclipped"
MAXIMUM = "quantization.activation_percentile=100"

METHODS: dict[str, tuple[str, ...]] = {
    "base": (),
    "folded first, rate of 5e-4": ("training.batch_norm=folded", "training.quantized_phase.learning_rate=5e-4"),
    "rate of 5e-4": ("training.quantized_phase.learning_rate=5e-4",),
    "rate of 4e-3": ("training.quantized_phase.learning_rate=4e-3",),
    "batch norm folded first": ("training.batch_norm=folded",),
    "weight scales unclipped": (UNCLIPPED,),
    "weight scales of least error": ("quantization.weight_scale=least-error",),
    "weight scales from statistics": ("quantization.weight_scale=statistics",),
    "activations to their maximum": (MAXIMUM,),
    "equalized": ("quantization.equalize=true",),
    "moving average": ("training.ema=0.98",),
    "distillation": ("training.distillation={weight: 1.0}",),
    "heads of 8 bits": ("quantization.layers={'heads.*': {weight_bits: 8}}",),
    "depthwise weights of 8 bits": (
        "quantization.layers={'*depthwise': {weight_bits: 8}, '*.spatial': {weight_bits: 8}}",
    ),
    "8-bit weights": ("quantization.weight_bits=8",),
    "4-bit activations": ("quantization.activation_bits=4",),
    "untrained": (UNTRAINED,),
    "untrained, least error": (UNTRAINED, "quantization.weight_scale=least-error"),
    "untrained, unclipped": (UNTRAINED, UNCLIPPED),
    "untrained, unclipped, activations to their maximum": (UNTRAINED, UNCLIPPED, MAXIMUM),
    "untrained, unclipped, equalized": (UNTRAINED, UNCLIPPED, "quantization.equalize=true"),
    "untrained, unclipped, rounded": (UNTRAINED, UNCLIPPED, "quantization.adaptive_rounding=true"),
    "post-training": PTQ,
    "post-training, heads of 8 bits": (*PTQ, "quantization.layers={'heads.*': {weight_bits: 8}}"),
    "post-training, depthwise weights of 8 bits": (
        *PTQ,
        "quantization.layers={'*depthwise': {weight_bits: 8}, '*.spatial': {weight_bits: 8}}",
    ),
    "post-training, pointwise weights of 8 bits": (
        *PTQ,
        "quantization.weight_bits=8",
        "quantization.layers={'*depthwise': {weight_bits: 4}, '*.spatial': {weight_bits: 4}}",
    ),
    "post-training, 8-bit weights": (*PTQ, "quantization.weight_bits=8"),
}
"""Settings of a recipe by what they are called on the page."""


def floating_point(settings: Sequence[str], recipe: str, run: Path) -> Path:
    """The run folder of the floating-point network alone, trained unless it is there."""
    one = load_recipe(recipe, [*settings, "training.quantized_phase=null"])
    train(one, run, resume=run.is_dir(), progress=False)
    return run


def quantized(settings: Sequence[str], recipe: str, floating: Path, run: Path) -> dict[str, Any]:
    """Measured figures of a method's run, trained from the network of `floating` unless it is there."""
    one = load_recipe(recipe, settings)
    if not (run / RECIPE).is_file():
        run.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(floating / FLOAT_CHECKPOINT, run / FLOAT_CHECKPOINT)
        save_recipe(one, run / RECIPE)
    started = time.monotonic()
    train(one, run, resume=True, progress=False)
    took = run / "seconds.json"  # of all that it took, unlike result.json, which forgets what was resumed
    if not took.is_file():
        took.write_text(json.dumps(round(time.monotonic() - started, 1)))
    result = load_result(run)
    return {
        "float_ap50": result.float_ap50,
        "float_ap": result.float_ap,
        "ap50": result.ap50,
        "ap": result.ap,
        "seconds": json.loads(took.read_text()),
    }


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


def row(method: str, recipe: Recipe, figures: dict[str, Any]) -> dict[str, Any]:
    """As qat.json holds it."""
    return {
        "data": recipe.data.path.name if recipe.data.path else recipe.data.set,
        "network": recipe.name,
        "image_size": recipe.data.image_size,
        "method": method,
        "weight_bits": recipe.quantization.weight_bits,
        "activation_bits": recipe.quantization.activation_bits,
        "seed": recipe.seed,
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
    common = [f"data.path={os.path.abspath(given.data)}", f"data.image_size={given.image_size}", *given.settings]
    known: dict[str, dict[str, int | None]] = {}
    for seed in range(given.seeds):
        folder = given.work / str(given.image_size)
        settings = [*common, f"seed={seed}"]
        floating = floating_point(settings, given.recipe, folder / f"{seed}-float")
        for method in given.methods:
            run = folder / f"{seed}-{method.replace(' ', '-')}"
            figures = quantized([*settings, *BASE, *METHODS[method]], given.recipe, floating, run)
            recipe = load_recipe(run / RECIPE)
            keep(row(method, recipe, figures | hardware(run, known)))


def keep(new: dict[str, Any]) -> None:
    """Put a row into qat.json, in place of the one of the same run."""
    print(json.dumps(new), flush=True)
    same = ("data", "network", "image_size", "method", "weight_bits", "activation_bits", "seed")
    rows = [old for old in load("qat").get("runs", []) if any(old[key] != new[key] for key in same)]
    figures = {"frames_per_s": FRAMES_PER_S, "runs": [*rows, new]}
    save("qat", figures, (*TRAINING, *SCHEDULER), whole=not rows)


if __name__ == "__main__":
    main()
