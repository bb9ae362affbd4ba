"""Validation images with what the simulated hardware's output says of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from codesign.build_folder import BuildFolder
from codesign.files import write_bytes
from codesign.graph import IntArray
from codesign.progress import Progress
from codesign.reporting.letters import Label
from codesign.tasks import task_of
from codesign.tasks.base import Mark
from codesign.verification.images import validation_images
from codesign.verification.predict import predictions, recipe_of

COUNT = 12
COLUMNS, ENLARGED = 4, 256
SMALLEST_LETTERS, LETTERS_A_SIDE = 13, 36
"""Pixels of a label's letters, and how many of their heights the shorter side of a picture holds."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image (H, W, 3) uint8 and its boxes, best first."""

    pixels: IntArray
    boxes: tuple[Mark, ...]

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def png(self) -> str:
        """The image as base64."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "PNG", optimize=True)
        return base64.b64encode(buffer.getvalue()).decode()


def hardware_pictures(build: BuildFolder, progress: Progress, count: int = COUNT) -> tuple[Picture, ...]:
    """The first `count` validation images with what the RTL finds. Raises a CodesignError as the simulation does."""
    images, recipe = validation_images(build, count), recipe_of(build)
    found = predictions(build, "rtl", images, progress)
    marks, classes, size = task_of(recipe).marks, recipe.model.classes, recipe.data.size
    return tuple(
        Picture(image.transpose(1, 2, 0).astype(np.uint8), marks(one, classes, size))
        for image, one in zip(images, found, strict=True)
    )


def save_picture(pictures: Sequence[Picture], path: Path) -> None:
    """All pictures, enlarged, in one PNG."""
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    drawn = [_drawn(picture) for picture in pictures]
    width, height = drawn[0].size
    sheet = Image.new("RGB", (columns * width, rows * height))
    for index, picture in enumerate(drawn):
        sheet.paste(picture, ((index % columns) * width, index // columns * height))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())


def _drawn(picture: Picture) -> Image.Image:
    """The picture enlarged, its longer side to `ENLARGED` pixels, with its boxes."""
    factor = ENLARGED / max(picture.width, picture.height)
    size = round(picture.width * factor), round(picture.height * factor)
    image = Image.fromarray(picture.pixels).resize(size, Image.Resampling.NEAREST)
    return draw_marks(image, [box.scaled(factor, factor) for box in picture.boxes])


def draw_marks(image: Image.Image, marks: Sequence[Mark]) -> Image.Image:
    """Draws labelled rectangles, in pixels of the image, into it.

    Letters grow with the image, and stand on a ground of their class's colour, inside of the image where they can.
    """
    draw = ImageDraw.Draw(image)
    letters = max(SMALLEST_LETTERS, round(min(image.size) / LETTERS_A_SIDE))
    line = max(2, letters // 8)
    for mark in marks:
        edge, ground = f"hsl({mark.hue}, 95%, 60%)", f"hsl({mark.hue}, 90%, 28%)"
        draw.rectangle((mark.x, mark.y, mark.x + mark.width, mark.y + mark.height), outline=edge, width=line)
        label = Label(mark.label, letters)
        left = min(max(mark.x, 0), max(image.width - label.width, 0))
        top = mark.y - label.height if mark.y >= label.height else max(mark.y, 0)
        draw.rectangle((left, top, left + label.width, top + label.height), fill=ground)
        label.draw(draw, left, top)
    return image
