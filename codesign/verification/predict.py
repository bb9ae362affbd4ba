"""What the outputs of any back end of a build say."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from codesign.build_folder import BuildFolder
from codesign.errors import BuildError
from codesign.graph import IntArray
from codesign.progress import Progress
from codesign.recipe import Recipe
from codesign.tasks import task_of


def recipe_of(build: BuildFolder) -> Recipe:
    """The recipe of the run that was exported. Raises BuildError if the build was made from a QONNX file."""
    if build.recipe is None:
        raise BuildError(
            "was made from a QONNX file: there is no dataset", where=str(build.path), remedy="export a trained run"
        )
    return build.recipe


def predictions(build: BuildFolder, stage: str, images: IntArray, progress: Progress) -> Iterator[Any]:
    """What the recipe's task finds in every image (N, C, H, W), from the named stage's outputs.

    Raises a CodesignError as the stage does.
    """
    graph, recipe = build.graph, recipe_of(build)
    task = task_of(recipe)
    names = {graph.origins.get(name, name): name for name in graph.outputs}
    scales = {head: graph.types[names[head]].scale[0] for head in task.HEADS}
    done = 0
    for chunk in import_module(f"codesign.verification.stages.{stage}").run(build, images, graph.outputs):
        for values in zip(*(chunk[names[head]] for head in task.HEADS), strict=True):
            yield task.decode(dict(zip(task.HEADS, values, strict=True)), scales, recipe)
            done += 1
        progress(f"{recipe.task}: {stage}", done, len(images))
