"""The images that a build is verified on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from codesign.board.fit import Fit, fit_of
from codesign.build_folder import BuildFolder
from codesign.data.fit import as_input
from codesign.data.pictures import picture_files, read_picture
from codesign.errors import GraphError
from codesign.graph import IntArray, TensorType
from codesign.graph.reals import random_integers
from codesign.verification.predict import recipe_of

SEED = 20


def verification_images(build: BuildFolder, count: int) -> IntArray:
    """Up to `count` images (N, C, H, W) as integers of the graph's input.

    The first ones of the recipe's validation set; for untrained networks, pictures of digits; for a build without a
    run, random integers over the input's range.
    """
    if build.manifest.get("random_weights"):
        from codesign.data.scenes import scenes

        return scenes(count, input_type(build).shape[1:], SEED).astype(np.int32)
    if build.run.is_dir():
        return validation_images(build, count)
    return random_images(input_type(build), count)


def validation_images(build: BuildFolder, count: int | None) -> IntArray:
    """The first `count` images of the validation set, or all. Raises DataError if the set is not to be had."""
    from codesign.data.dataset import validation_set

    dataset = validation_set(recipe_of(build))
    count = len(dataset) if count is None else min(count, len(dataset))
    return np.stack([dataset[index].image for index in range(count)]).astype(np.int32)


def picture_images(build: BuildFolder, source: Path) -> IntArray:
    """The pictures at `source`, a picture or a folder of them, as `as_inputs` gives them. Raises as that does."""
    check_pixels(build)
    return as_inputs(build, [read_picture(file) for file in picture_files(source)])[0]


def check_pixels(build: BuildFolder) -> TensorType:
    """The input's type. Raises GraphError if its values are no pixels."""
    kind = input_type(build)
    if kind.channels not in (1, 3) or (kind.levels, kind.step) != (256, 1):
        raise GraphError(
            f"its input {kind} takes no pictures: they have 1 or 3 channels of 256 levels",
            where=str(build.graph_file),
            remedy="give a number to --images of `codesign verify`",
        )
    return kind


def as_inputs(build: BuildFolder, pictures: Sequence[NDArray[np.uint8]]) -> tuple[IntArray, list[Fit]]:
    """Pictures (3, h, w) as (N, C, H, W) integers of the graph's input, and where each lies in it.

    They are fitted into it as the run's recipe says, letterboxed where there is none; one channel takes the
    brightness. Raises GraphError if the input's values are no pixels.
    """
    kind = check_pixels(build)
    how = build.recipe.data.fit if build.recipe else "letterbox"
    fits = [fit_of((picture.shape[1], picture.shape[2]), (kind.height, kind.width), how) for picture in pictures]
    placed = [as_input(picture, fit) for picture, fit in zip(pictures, fits, strict=True)]
    if kind.channels == 1:
        placed = [_brightness(picture) for picture in placed]
    return np.stack(placed).astype(np.int32) + kind.lo, fits


def _brightness(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(3, H, W) as (1, H, W), weighted as ITU-R 601 has it."""
    return np.asarray(Image.fromarray(picture.transpose(1, 2, 0)).convert("L"))[None]


def random_images(kind: TensorType, count: int) -> IntArray:
    """Uniform over the input's whole range: corner values included."""
    return random_integers(np.random.default_rng(SEED), kind, count)


def input_type(build: BuildFolder) -> TensorType:
    """Type of the graph's one input."""
    if len(build.graph.inputs) != 1:
        raise GraphError(f"has {len(build.graph.inputs)} inputs, one is supported", where=str(build.graph_file))
    (kind,) = build.graph.inputs.values()
    return kind
