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
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=15)
    factor = ENLARGED / picture.size
    for box in picture.boxes:
        colour = f"hsl({box.hue}, 95%, 60%)"
        corner = (box.x * factor, box.y * factor)
        draw.rectangle((*corner, (box.x + box.width) * factor, (box.y + box.height) * factor), outline=colour, width=2)
        place = (max(corner[0], 2), max(corner[1] - 18, 0))
        draw.text(place, box.label, font=font, fill="white", stroke_width=2, stroke_fill=f"hsl({box.hue}, 90%, 28%)")
    return image
