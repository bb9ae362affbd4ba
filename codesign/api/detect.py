"""`codesign detect`: what a build's back end finds in a user's own pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from codesign.api.evaluate import STAGES
from codesign.build_folder import BuildFolder, open_build
from codesign.data.pictures import picture_files, read_picture, stretched
from codesign.errors import BuildError, DataError
from codesign.files import write_text
from codesign.progress import Progress, silent
from codesign.reading import MIB
from codesign.recipe import Recipe
from codesign.reporting.pictures import draw_marks
from codesign.tasks import task_of
from codesign.verification.images import input_type
from codesign.verification.predict import predictions, recipe_of

LISTING = "detections.json"
PICTURES_AT_A_TIME = 32
BYTES_AT_A_TIME = 128 * MIB
"""No further picture is read once those in memory take so much."""


@dataclass(frozen=True)
class Detected:
    """What was found in a picture: as `detections.json` lists it, and how many marks were drawn."""

    file: Path
    found: tuple[dict[str, object], ...]
    drawn: int


def detect(
    build: str | Path | BuildFolder,
    source: str | Path,
    out: str | Path,
    *,
    backend: str = "graph",
    changed: bool = False,
    progress: Progress = silent,
) -> tuple[Detected, ...]:
    """Writes the pictures of `source`, boxes drawn, and `detections.json` to the folder `out`.

    source: a picture or a folder of pictures; each is stretched to the network's input, and what is found is told in
    the picture's own pixels. backend: torch, graph, onnx, hls or rtl. changed: as for `open_build`. Raises DataError
    for what is no picture, and a CodesignError as the back end does.
    """
    if backend not in STAGES:
        raise BuildError(f"unknown back end '{backend}'", remedy=f"known: {', '.join(STAGES)}")
    folder = open_build(build, changed=changed)
    recipe, files, out = recipe_of(folder), picture_files(Path(source)), Path(out)
    if any((out / file.name).resolve() == file.resolve() for file in files):
        raise DataError("would be written over", where=str(files[0].parent), remedy="give another folder to --out")
    results: list[Detected] = []
    for some in _read(files):
        results += _detect(folder, recipe, some, out, backend, progress)
    listing = {
        "build": str(folder.path),
        "network": recipe.name,
        "backend": backend,
        "pictures": [{"file": str(result.file), "found": result.found} for result in results],
    }
    write_text(out / LISTING, json.dumps(listing, indent=1) + "\n")
    return tuple(results)


def _detect(
    build: BuildFolder, recipe: Recipe, read: dict[Path, np.ndarray], out: Path, backend: str, progress: Progress
) -> Iterator[Detected]:
    size, task = input_type(build).shape[-1], task_of(recipe)
    images = np.stack([stretched(picture, size) for picture in read.values()]).astype(np.int32)
    out.mkdir(parents=True, exist_ok=True)
    results = predictions(build, STAGES[backend], images, progress)
    for (file, picture), found in zip(read.items(), results, strict=True):
        factors = picture.shape[2] / size, picture.shape[1] / size
        marks = [mark.scaled(*factors) for mark in task.marks(found, recipe)]
        drawn = draw_marks(Image.fromarray(picture.transpose(1, 2, 0)), marks)
        drawn.save(out / file.name, quality=95)
        yield Detected(file, tuple(task.listing(found, recipe, factors)), len(marks))


def _read(files: Sequence[Path]) -> Iterator[dict[Path, np.ndarray]]:
    """The pictures, some at a time: as many as are held in memory at once, one at least."""
    some: dict[Path, np.ndarray] = {}
    for file in files:
        some[file] = read_picture(file)
        if len(some) == PICTURES_AT_A_TIME or sum(picture.nbytes for picture in some.values()) >= BYTES_AT_A_TIME:
            yield some
            some = {}
    if some:
        yield some
