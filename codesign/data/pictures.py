"""Reading image files as a viewer shows them: upright, in 8-bit RGB, on a ground where they are transparent.

orientation     turned and mirrored as Exif says, in every format that has it
transparency    laid on white
grey of 16 bits by the fewest of 8, 10, 12, 14 and 16 bits that hold the picture's brightest pixel, as cameras of so
                many bits write them: 4095 is white in a picture that reaches no higher
other integers, and real numbers
                0 to 1 becomes 0 to 255; where a value is outside of it, 0 to 255 stays; else lowest to highest;
                what is no number is black
frames, pages   the first
CMYK, palettes, black and white, YCbCr
                as Pillow converts them; colour profiles are not applied
"""

import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from codesign.errors import DataError
from codesign.reading import MIB, read_bytes

PICTURE_BYTES = 512 * MIB
"""Largest file of a picture: as much as the largest picture takes, four bytes a pixel, and its head."""

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2"),
)
VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")

DAMAGED = (
    OSError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    EOFError,
    SyntaxError,
    ValueError,
    struct.error,
)
"""What Pillow raises at files that are damaged, or would take too much memory."""

GROUND = (255, 255, 255)
"""What shows through transparent pixels."""
CAMERA_BITS = (8, 10, 12, 14, 16)
ORIENTATION = 0x0112
"""Exif's tag: 1 to 8, where 5 to 8 exchange width and height."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as a viewer shows it, and how it lies in its file.

    image: (3, H, W) uint8, RGB. orientation: Exif's, 1 if upright. stored: (width, height) in the file.
    """

    image: np.ndarray
    orientation: int
    stored: tuple[int, int]

    @property
    def shown(self) -> tuple[int, int]:
        """(width, height)."""
        _, height, width = self.image.shape
        return width, height


def picture_files(source: Path) -> list[Path]:
    """The picture itself, or those of a folder by name. Raises DataError for what is no picture by its name."""
    if source.is_dir():
        files = sorted(file for file in source.iterdir() if file.suffix.lower() in SUFFIXES)
        if not files:
            raise DataError("holds no picture", where=str(source), remedy=f"known: {', '.join(SUFFIXES)}")
        return files
    if source.suffix.lower() in VIDEOS:
        raise DataError(
            "is a video, and nothing that codesign is made of decodes videos",
            where=str(source),
            remedy=f"make pictures of it first, e.g. `ffmpeg -i {source.name} frames/%06d.png`",
        )
    if source.is_file() and source.suffix.lower() not in SUFFIXES:
        raise DataError("is no picture by its name", where=str(source), remedy=f"known: {', '.join(SUFFIXES)}")
    return [source]


def read_picture(path: Path) -> np.ndarray:
    """(3, H, W) uint8, RGB. Raises DataError as `open_picture` does."""
    return open_picture(path).image


def open_picture(path: Path) -> Picture:
    """The picture in a file.

    Raises:
        DataError: the file is missing, no plain file, larger than `PICTURE_BYTES`, no image, or one of more than some
            89 million pixels, where Pillow warns.
    """
    try:
        return decoded(read_bytes(path, DataError, limit=PICTURE_BYTES), path)
    except FileNotFoundError as error:
        raise DataError("image is missing", where=str(path), remedy="restore it, or unlist it") from error


def decoded(content: bytes, path: Path) -> Picture:
    """The picture of a file of that content; otherwise as `open_picture`."""
    file = io.BytesIO(content)
    try:
        with Image.open(file) as image:
            if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
                raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels are too many")
            return _shown(image)
    except DAMAGED as error:
        reason = str(error).replace(repr(file), "the file") if "BytesIO" in str(error) else str(error)
        raise DataError(f"not readable as an image ({reason})", where=str(path), remedy="restore the file") from error


def _shown(image: Image.Image) -> Picture:
    orientation = _orientation(image)
    image.load()  # some formats are turned by this
    upright = image
    with suppress(*DAMAGED):  # what Exif says may be damaged where the picture is not
        upright = ImageOps.exif_transpose(image)
    width, height = upright.size
    pixels = np.asarray(_rgb(upright)).transpose(2, 0, 1)
    stored = (height, width) if orientation >= 5 else (width, height)
    return Picture(np.ascontiguousarray(pixels), orientation, stored)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except DAMAGED:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_bytes(np.asarray(image))).convert("RGB")
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, GROUND), layer).convert("RGB")
    return image.convert("RGB")


def _bytes(values: np.ndarray) -> np.ndarray:
    """Grey of more than 8 bits, or of real numbers, as uint8; the rules stand at the top of this file."""
    if values.dtype.kind == "f":
        known = np.isfinite(values)
        lowest, highest = _range(values[known])
        if lowest >= 0 and highest <= 255:
            lowest, highest = 0.0, 1.0 if highest <= 1 else 255.0
        values = np.where(known, values, lowest)
    else:
        lowest, highest = _range(values)
        if lowest >= 0 and highest < 1 << CAMERA_BITS[-1]:
            lowest, highest = 0.0, float(next((1 << bits) - 1 for bits in CAMERA_BITS if highest < 1 << bits))
    scaled = (values.astype(np.float64) - lowest) * (255 / ((highest - lowest) or 1.0))
    found: np.ndarray = np.rint(scaled).astype(np.uint8)
    return found


def _range(values: np.ndarray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
