"""The images that a build is verified on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from codesign.build_folder import BuildFolder
from codesign.data.pictures import picture_files, read_picture, stretched
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

        return scenes(count, input_type(build).shape[-1], SEED).astype(np.int32)
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
    """The pictures at `source`, a picture or a folder of them, as (N, C, H, W) integers of the graph's input.

    Each is stretched to the input's height and width; one channel takes its brightness. Raises DataError for what is
    no picture, GraphError if the input's values are no pixels.
    """
    kind = input_type(build)
    channels, height, width = kind.shape
    if channels not in (1, 3) or (kind.levels, kind.step) != (256, 1):
        raise GraphError(
            f"its input {kind} takes no pictures: they have 1 or 3 channels of 256 levels",
            where=str(build.graph_file),
            remedy="give a number to --images",
        )
    pictures = [stretched(read_picture(file), (height, width)) for file in picture_files(source)]
    if channels == 1:
        pictures = [_brightness(picture) for picture in pictures]
    return np.stack(pictures).astype(np.int32) + kind.lo


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
