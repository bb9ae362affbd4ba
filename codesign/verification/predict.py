"""What the outputs of any back end of a build say."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from codesign import tasks
from codesign.build_folder import BuildFolder
from codesign.errors import BuildError
from codesign.graph import IntArray
from codesign.graph.indices import gives_indices
from codesign.plugins import load, names
from codesign.progress import Progress
from codesign.recipe import Recipe
from codesign.tasks.base import Reading
from codesign.verification.outputs import Outputs, outputs_of


def recipe_of(build: BuildFolder) -> Recipe:
    """The recipe of the run that was exported. Raises BuildError if the build was made from a file."""
    if build.recipe is None:
        raise BuildError(
            "was made from a file: there is no dataset", where=str(build.path), remedy="export a trained run"
        )
    return build.recipe


def reading_of(build: BuildFolder) -> Reading:
    """How a build's outputs are read: as its recipe says, or, of a file's network, as their shapes do.

    Classes of the latter are numbered. Raises BuildError if no task has such outputs.
    """
    return _reading(build, outputs_of(build))


def _reading(build: BuildFolder, found: Outputs) -> Reading:
    if build.recipe is not None:
        return tasks.reading_of(build.recipe, gives_indices(build.graph))
    image, *_ = (kind.shape for kind in build.graph.inputs.values())
    outputs = {name: output.of_classes for name, output in found.by_name.items()}
    indices = any(output.classes for output in found.by_name.values())
    for task in names("codesign.tasks"):
        part = load("codesign.tasks", task)
        inferred = part.inferred(image, outputs) if not indices or getattr(part, "INDICES", False) else None
        if inferred is not None:
            settings = inferred[1] | ({"indices": True} if indices else {})
            return Reading(task, tuple(map(str, range(inferred[0]))), settings, "letterbox")
    shapes = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in outputs.items())
    raise BuildError(
        f"its outputs ({shapes}) are neither classes nor heat, size and offset of a detector",
        where=str(build.path),
        remedy="export a trained run, or a network with such outputs",
    )


def predictions(build: BuildFolder, stage: str, images: IntArray, progress: Progress) -> Iterator[Any]:
    """What the network's task finds in every image (N, C, H, W), from the named stage's outputs.

    Where a part of the network is left to the host, it is run on what the stage gives. Raises a CodesignError as the
    stage does.
    """
    graph, found = build.graph, outputs_of(build)
    reading = _reading(build, found)
    task = load("codesign.tasks", reading.task)
    order = task.HEADS if set(task.HEADS) == set(found.by_name) else tuple(found.by_name)
    heads = dict(zip(task.HEADS, order, strict=True))
    steps = {head: found.by_name[name].scale[0] for head, name in heads.items()}
    what, done = f"{reading.task}: {stage}", 0
    progress(what, 0, len(images))
    for chunk in import_module(f"codesign.verification.stages.{stage}").run(build, images, graph.outputs):
        values = found.values(chunk)
        for frame in range(len(chunk[graph.outputs[0]])):
            yield task.read({head: values[name][frame] for head, name in heads.items()}, steps, **reading.settings)
            done += 1
        progress(what, done, len(images))
