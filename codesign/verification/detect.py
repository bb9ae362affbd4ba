"""Boxes from the outputs of any back end of a build."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from codesign.build_folder import BuildFolder
from codesign.detection import Boxes, decode
from codesign.errors import BuildError
from codesign.graph import IntArray
from codesign.progress import Progress
from codesign.recipe import Recipe, load_recipe

HEADS = ("heat", "size", "offset")


def recipe_of(build: BuildFolder) -> Recipe:
    """The recipe of the run that was exported. Raises BuildError if the build was made from a QONNX file."""
    if not build.run.is_dir():
        raise BuildError(
            "was made from a QONNX file: there is no dataset", where=str(build.path), remedy="export a trained run"
        )
    return load_recipe(build.run / "recipe.yaml")


def detections(build: BuildFolder, stage: str, images: IntArray, progress: Progress) -> Iterator[Boxes]:
    """Boxes of every image (N, C, H, W) from the named stage's outputs. Raises a CodesignError as the stage does."""
    graph, recipe = build.graph, recipe_of(build)
    names = {graph.origins.get(name, name): name for name in graph.outputs}
    scales = {head: graph.types[names[head]].scale[0] for head in HEADS}
    done = 0
    for chunk in import_module(f"codesign.verification.stages.{stage}").run(build, images, graph.outputs):
        for values in zip(*(chunk[names[head]] for head in HEADS), strict=True):
            stride, most = recipe.model.output_stride, recipe.detection.max_boxes
            yield decode(*values, scales=scales, stride=stride, max_boxes=most)
            done += 1
        progress(f"detect: {stage}", done, len(images))
