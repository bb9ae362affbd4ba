"""Pictures without a dataset: for calibrating and verifying networks that were not trained."""

import numpy as np
from PIL import Image

from codesign.data.digits import ImageSize, draw_scene, sources, usual_heights

SMALLEST = 32
"""Pixels of the smallest scene that is drawn; smaller ones are shrunk from it."""


def scenes(count: int, size: int | ImageSize, seed: int) -> np.ndarray:
    """(count, 3, *size) uint8 of handwritten digits on cluttered backgrounds, the same for the same arguments."""
    height, width = (size, size) if isinstance(size, int) else size
    pool, drawn = sources("test"), (max(height, SMALLEST), max(width, SMALLEST))
    heights = usual_heights(drawn)
    pictures = [draw_scene(np.random.default_rng([seed, index]), pool, drawn, heights)[0] for index in range(count)]
    shrunk = [picture.resize((width, height), Image.Resampling.BILINEAR) for picture in pictures]
    return np.stack([np.asarray(picture).transpose(2, 0, 1) for picture in shrunk])
