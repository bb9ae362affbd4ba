"""Reading image files."""

import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from codesign.errors import DataError

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
        DataError: the file is missing, no image, or one of more than some 89 million pixels, which Pillow warns of.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))
    except FileNotFoundError as error:
        raise DataError("image is missing", where=str(path), remedy="restore it, or unlist it") from error
    except DAMAGED as error:
        raise DataError(f"not readable as an image ({error})", where=str(path), remedy="restore the file") from error


def stretched(image: np.ndarray, size: int) -> np.ndarray:
    """(3, H, W) uint8 at (3, size, size), bilinear: what networks are trained on, whatever the picture's shape."""
    if image.shape[1:] == (size, size):
        return image
    picture = Image.fromarray(image.transpose(1, 2, 0)).resize((size, size), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
