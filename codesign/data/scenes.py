"""Pictures without a dataset: for calibrating and verifying networks that were not trained."""

import numpy as np

from codesign.data.digits import draw_scene, sources, usual_heights


def scenes(count: int, size: int, seed: int) -> np.ndarray:
    """(count, 3, size, size) uint8 of handwritten digits on cluttered backgrounds, the same for the same arguments."""
    pool = sources("test")
    heights = usual_heights(size)
    pictures = [draw_scene(np.random.default_rng([seed, index]), pool, size, heights)[0] for index in range(count)]
    return np.stack([np.asarray(picture).transpose(2, 0, 1) for picture in pictures])
