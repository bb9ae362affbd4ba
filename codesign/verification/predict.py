"""What the outputs of any back end of a build say."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign import tasks
from codesign.build_folder import BuildFolder
from codesign.errors import BuildError
from codesign.graph import IntArray
from codesign.plugins import load, names
from codesign.progress import Progress
from codesign.recipe import Recipe
from codesign.tasks.base import Reading


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
    if build.recipe is not None:
        return tasks.reading_of(build.recipe)
    image, *_ = (kind.shape for kind in build.graph.inputs.values())
    outputs = {head: build.graph.types[name].shape for head, name in _by_head(build).items()}
    for task in names("codesign.tasks"):
        found = load("codesign.tasks", task).inferred(image, outputs)
        if found is not None:
            return Reading(task, tuple(map(str, range(found[0]))), found[1], "letterbox")
    shapes = ", ".join(f"{head} {'x'.join(map(str, shape))}" for head, shape in outputs.items())
    raise BuildError(
        f"its outputs ({shapes}) are neither classes nor heat, size and offset of a detector",
        where=str(build.path),
        remedy="export a trained run, or a network with such outputs",
    )


def predictions(build: BuildFolder, stage: str, images: IntArray, progress: Progress) -> Iterator[Any]:
    """What the network's task finds in every image (N, C, H, W), from the named stage's outputs.

    Raises a CodesignError as the stage does.
    """
    graph, reading = build.graph, reading_of(build)
    task = load("codesign.tasks", reading.task)
    names = _by_head(build)
    heads = task.HEADS if set(task.HEADS) == set(names) else tuple(names)
    scales = {head: graph.types[names[head]].scale for head in heads}
    what, done = f"{reading.task}: {stage}", 0
    progress(what, 0, len(images))
    for chunk in import_module(f"codesign.verification.stages.{stage}").run(build, images, graph.outputs):
        for values in zip(*(chunk[names[head]] for head in heads), strict=True):
            evened = {
                own: _evened(value, scales[head]) for own, head, value in zip(task.HEADS, heads, values, strict=True)
            }
            steps = {own: scales[head][0] for own, head in zip(task.HEADS, heads, strict=True)}
            yield task.read(evened, steps, **reading.settings)
            done += 1
        progress(what, done, len(images))


def _by_head(build: BuildFolder) -> dict[str, str]:
    """Tensors of the graph's outputs by what the network itself calls them."""
    return {build.graph.origins.get(name, name): name for name in build.graph.outputs}


def _evened(values: IntArray, scale: tuple[float, ...]) -> NDArray[Any]:
    """Values (C, H, W) as multiples of the first channel's scale."""
    if len(set(scale)) == 1:
        return values
    return values * (np.array(scale) / scale[0])[:, None, None]
