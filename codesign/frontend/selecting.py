"""Blocks that only pick values: convolutions whose weights are one where a value goes, and zero elsewhere."""

from __future__ import annotations

import numpy as np

from codesign.graph.ops.conv import Conv
from codesign.graph.windows import Pair


def picking(places: list[int], channels: int) -> Conv:
    """Output c is input channel places[c] of so many, 0 where that is -1."""
    weight = np.zeros((len(places), channels, 1, 1), np.int64)
    for output, place in enumerate(places):
        if place >= 0:
            weight[output, place] = 1
    return Conv(weight, np.zeros(len(places), np.int64))


def space_to_depth(channels: int, block: Pair) -> Conv:
    """y_k(i, j) = x_c(h i + r, w j + q), with k = (r w + q) C + c and blocks of h x w pixels: ONNX' SpaceToDepth."""
    height, width = block
    weight = np.zeros((height * width * channels, channels, height, width), np.int64)
    for row in range(height):
        for column in range(width):
            outputs = (row * width + column) * channels + np.arange(channels)
            weight[outputs, np.arange(channels), row, column] = 1
    return Conv(weight, np.zeros(len(weight), np.int64), stride=block)
