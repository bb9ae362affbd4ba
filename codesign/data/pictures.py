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


def stretched(image: np.ndarray, size: int) -> np.ndarray:
    """(3, H, W) uint8 at (3, size, size), bilinear: what networks are trained on, whatever the picture's shape."""
    if image.shape[1:] == (size, size):
        return image
    picture = Image.fromarray(image.transpose(1, 2, 0)).resize((size, size), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
