"""Validation images with what the simulated hardware's output says of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from codesign.build_folder import BuildFolder
from codesign.files import write_bytes
from codesign.graph import IntArray
from codesign.progress import Progress
from codesign.tasks import task_of
from codesign.tasks.base import Mark
from codesign.verification.images import validation_images
from codesign.verification.predict import predictions, recipe_of

COUNT = 12
COLUMNS, ENLARGED = 4, 256


@dataclass(frozen=True)
class Picture:
    """An image (H, W, 3) uint8 and its boxes, best first."""

    pixels: IntArray
    boxes: tuple[Mark, ...]

    @property
    def size(self) -> int:
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
    return tuple(
        Picture(image.transpose(1, 2, 0).astype(np.uint8), task_of(recipe).marks(one, recipe))
        for image, one in zip(images, found, strict=True)
    )


def save_picture(pictures: Sequence[Picture], path: Path) -> None:
    """All pictures, enlarged, in one PNG."""
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * ENLARGED, rows * ENLARGED))
    for index, picture in enumerate(pictures):
        sheet.paste(_drawn(picture), ((index % columns) * ENLARGED, index // columns * ENLARGED))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())


def _drawn(picture: Picture) -> Image.Image:
    image = Image.fromarray(picture.pixels).resize((ENLARGED, ENLARGED), Image.Resampling.NEAREST)
    factor = ENLARGED / picture.size
    return draw_marks(image, [box.scaled(factor, factor) for box in picture.boxes])


def draw_marks(image: Image.Image, marks: Sequence[Mark]) -> Image.Image:
    """Draws labelled rectangles, in pixels of the image, into it."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=15)
    for mark in marks:
        draw.rectangle(
            (mark.x, mark.y, mark.x + mark.width, mark.y + mark.height), outline=f"hsl({mark.hue}, 95%, 60%)", width=2
        )
        place = (max(mark.x, 2), max(mark.y - 18, 0))
        edge = f"hsl({mark.hue}, 90%, 28%)"
        draw.text(place, mark.label, font=font, fill="white", stroke_width=2, stroke_fill=edge)
    return image
