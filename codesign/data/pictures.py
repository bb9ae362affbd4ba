"""Reading image files."""

import io
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from codesign.errors import DataError
from codesign.reading import MIB, read_bytes

PICTURE_BYTES = 512 * MIB
"""Largest file of a picture: as much as the largest picture takes, four bytes a pixel, and its head."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".tif", ".tiff", ".webp")
VIDEOS = (".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")

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
    """(3, H, W) uint8, RGB.

    Raises:
        DataError: the file is missing, no plain file, larger than `PICTURE_BYTES`, no image, or one of more than some
            89 million pixels, which Pillow warns of.
    """
    try:
        content = io.BytesIO(read_bytes(path, DataError, limit=PICTURE_BYTES))
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(content) as image:
                return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))
    except FileNotFoundError as error:
        raise DataError("image is missing", where=str(path), remedy="restore it, or unlist it") from error
    except DAMAGED as error:
        reason = str(error).replace(repr(content), "the file") if "BytesIO" in str(error) else str(error)
        raise DataError(f"not readable as an image ({reason})", where=str(path), remedy="restore the file") from error
