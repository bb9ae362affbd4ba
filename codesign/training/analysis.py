"""What a finished training does with the validation set: `analysis.json` of a run folder, and its `examples/`."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from pydantic import ConfigDict, TypeAdapter, ValidationError

from codesign.data.dataset import SampleSet
from codesign.data.sample import Sample
from codesign.errors import CheckpointError
from codesign.files import write_bytes, write_text
from codesign.nn.network import Network
from codesign.reading import read_json
from codesign.recipe import Recipe
from codesign.tasks import figures_of, task_of
from codesign.tasks.base import Examination, Mark
from codesign.training.layer_errors import LayerError, layer_errors
from codesign.training.metrics import predictions

ANALYSIS, EXAMPLES = "analysis.json", "examples"
MOST_EXAMPLES = 12
COMPARED_IMAGES = 32
"""Layers are compared on so many images of the validation set."""
LARGE_PIXELS = 128 * 128
"""Larger examples are kept as JPEG."""
REMARKABLE_DROP = 0.03
"""From floating point to quantized; more is said at the end of a training."""
SHOWN_LAYERS = 3


@dataclass(frozen=True)
class Example:
    """A validation image as the network sees it: its file, what is in it, and what was found."""

    name: str
    file: str
    width: int
    height: int
    truth: tuple[Mark, ...]
    found: tuple[Mark, ...]


@dataclass(frozen=True)
class Analysis:
    """Tells of the quantized network, or of that in floating point if there is no other. layers: of the former only."""

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    images: int
    quantized: bool
    examination: Examination
    examples: tuple[Example, ...]
    layers: tuple[LayerError, ...] = ()


_ANALYSIS = TypeAdapter(Analysis)


def analyse(folder: Path, recipe: Recipe, trained: Network, quantized: Network | None, validation: SampleSet) -> Any:
    """Writes `analysis.json` and the examples, and returns what the task measures of the final network."""
    task, network = task_of(recipe), trained if quantized is None else quantized
    found, samples = predictions(network, recipe, validation)
    examples = _examples(folder, recipe, validation, found)
    layers: tuple[LayerError, ...] = ()
    if quantized is not None and not recipe.quantization.binary:
        count = min(COMPARED_IMAGES, len(validation))
        images = np.stack([validation[index].image for index in range(count)])
        layers = layer_errors(trained.cpu().eval(), quantized, torch.from_numpy(images))
    examination = task.examine(found, samples, recipe)
    made = Analysis(len(samples), quantized is not None, examination, examples, layers)
    write_text(folder / ANALYSIS, json.dumps(asdict(made), ensure_ascii=False) + "\n")
    return task.measure(found, samples, recipe)


def load_analysis(folder: Path) -> Analysis:
    """Raises CheckpointError if it is missing, as in runs of older versions, or malformed."""
    path = folder / ANALYSIS
    try:
        return _ANALYSIS.validate_json(json.dumps(read_json(path, CheckpointError)))
    except FileNotFoundError as error:
        raise CheckpointError(
            "is missing: the training has not ended, or an older version wrote it",
            where=str(path),
            remedy="finish it with --resume, or train again",
        ) from error
    except (TypeError, ValidationError) as error:
        raise CheckpointError("is no analysis of a run", where=str(path), remedy="train again") from error


def drop(float_figures: dict[str, float], figures: dict[str, float]) -> tuple[str, float] | None:
    """The figure that fell most from floating point to quantized, and by how much, if that is remarkable."""
    falls = {name: float_figures[name] - value for name, value in figures.items() if name in float_figures}
    name = max(falls, key=lambda figure: falls[figure], default=None)
    return None if name is None or falls[name] <= REMARKABLE_DROP else (name, falls[name])


def causes(layers: Sequence[LayerError]) -> tuple[LayerError, ...]:
    """The layers that add most to the difference, most first."""
    return tuple(sorted((one for one in layers if one.added > 0), key=lambda one: -one.added)[:SHOWN_LAYERS])


def remedies(recipe: Recipe, worst: Sequence[LayerError]) -> tuple[str, ...]:
    """Settings of the recipe that make quantization lose less, the most promising first."""
    widths, training, phase = recipe.quantization, recipe.training, recipe.training.quantized_phase
    assert phase is not None  # what is not quantized loses nothing by it
    weights = sum(one.weights for one in worst) >= sum(one.activations or 0.0 for one in worst)
    found = []
    half = training.float_phase.learning_rate / 2
    if phase.steps != 0 and phase.learning_rate < half:
        found.append(f"training.quantized_phase.learning_rate={half:g}")
    if not widths.binary:
        bits = {"weight_bits": widths.weight_bits, "activation_bits": widths.activation_bits}
        order = list(bits) if weights else list(bits)[::-1]
        found += [f"quantization.{name}={bits[name] + 1}" for name in order if bits[name] < 8]
    if phase.epochs is not None:
        found.append(f"training.quantized_phase.epochs={2 * phase.epochs}")
    elif phase.steps:
        found.append(f"training.quantized_phase.steps={2 * phase.steps}")
    if phase.steps != 0 and training.distillation is None:
        found.append("training.distillation={weight: 1.0}")
    return tuple(found)


def drop_message(recipe: Recipe, result: Any, layers: Sequence[LayerError]) -> str:
    """What to say of a run whose quantized network is much worse than that in floating point; empty for others."""
    found = drop(figures_of(result, "float_"), figures_of(result))
    if found is None:
        return ""
    worst = causes(layers)
    where = ", ".join(
        f"{one.layer} (its output differs by {one.output:.0%}, its input by {one.input:.0%})" for one in worst
    )
    tries = [f"--set '{one}'" if "{" in one else f"--set {one}" for one in remedies(recipe, worst)]
    phase = recipe.training.quantized_phase
    if phase is not None and phase.steps == 0:
        tries.insert(0, f"codesign quantize {result.run} --out NEW --training")
    return (
        f"quantized is {100 * found[1]:.1f} points of {found[0]} below floating point"
        + (f"; most is lost in {where}" if where else "")
        + f"; try {', or '.join(tries)}"
    )


def _examples(folder: Path, recipe: Recipe, validation: SampleSet, found: Sequence[Any]) -> tuple[Example, ...]:
    """The first images, new pictures in place of older ones."""
    task, classes = task_of(recipe), recipe.model.classes
    place = folder / EXAMPLES
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    examples = []
    for index in range(min(MOST_EXAMPLES, len(validation))):
        sample = validation[index]
        file = _save(place, index, sample)
        _, height, width = sample.image.shape
        marks = task.marks(found[index], classes, (height, width))
        examples.append(Example(sample.name, file, width, height, task.truth(sample, classes), marks))
    return tuple(examples)


def _save(place: Path, index: int, sample: Sample) -> str:
    image = Image.fromarray(np.ascontiguousarray(sample.image.transpose(1, 2, 0)))
    kind, suffix = ("JPEG", "jpg") if image.width * image.height > LARGE_PIXELS else ("PNG", "png")
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=88)
    name = f"{index:02d}.{suffix}"
    write_bytes(place / name, buffer.getvalue())
    return name
