"""Validation images with the boxes that the simulated hardware's output decodes to."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from codesign.build_folder import BuildFolder
from codesign.detection import Boxes
from codesign.files import write_bytes
from codesign.graph import IntArray
from codesign.progress import Progress
from codesign.verification.detect import detections, recipe_of
from codesign.verification.images import validation_images

COUNT = 12
SHOWN_FROM_SCORE = 0.3
COLUMNS, ENLARGED = 4, 256


@dataclass(frozen=True)
class Box:
    """In pixels of the image; `hue` in degrees tells classes apart."""

    x: float
    y: float
    width: float
    height: float
    label: str
    hue: int


@dataclass(frozen=True)
class Picture:
    """An image (H, W, 3) uint8 and its boxes, best first."""

    pixels: IntArray
    boxes: tuple[Box, ...]

    @property
    def size(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def png(self) -> str:
        """The image as base64."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "PNG", optimize=True)
        return base64.b64encode(buffer.getvalue()).decode()


def detection_pictures(build: BuildFolder, progress: Progress, count: int = COUNT) -> tuple[Picture, ...]:
    """The first `count` validation images with what the RTL finds. Raises a CodesignError as the simulation does."""
    images = validation_images(build, count)
    classes = recipe_of(build).model.classes
    found = detections(build, "rtl", images, progress)
    return tuple(
        Picture(image.transpose(1, 2, 0).astype(np.uint8), _boxes(boxes, classes))
        for image, boxes in zip(images, found, strict=True)
    )


def _boxes(found: Boxes, classes: Sequence[str]) -> tuple[Box, ...]:
    return tuple(
        Box(x0, y0, x1 - x0, y1 - y0, f"{classes[label]} {score:.2f}", int(label) * 360 // len(classes))
        for (x0, y0, x1, y1), score, label in zip(found.boxes.tolist(), found.scores, found.labels, strict=True)
        if score >= SHOWN_FROM_SCORE
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
