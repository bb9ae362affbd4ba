"""Pictures (3, H, W) at their place in a network's input; see `codesign.board.fit`."""

import numpy as np

from codesign.board.fit import Fit, fitted


def as_input(picture: np.ndarray, fit: Fit) -> np.ndarray:
    """(3, H, W) uint8 of the input that a picture (3, h, w) uint8 becomes."""
    if fit.is_whole:
        return picture
    return np.ascontiguousarray(fitted(picture.transpose(1, 2, 0), fit).transpose(2, 0, 1))
