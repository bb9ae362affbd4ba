"""Depth to space: channels of a pixel become a block of pixels, as in sub-pixel and transposed convolutions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType
from codesign.graph.windows import Pair


@dataclass(frozen=True, eq=False)
class DepthToSpace(Op):
    """y_c(h i + r, w j + q) = x_k(i, j), with k = (r w + q) C + c and blocks of h x w pixels: ONNX' mode DCR.

    block: (h, w). crop: rows at the lower end and columns at the right one that are left out, fewer than a block has.
    """

    kind: ClassVar[str] = "depth_to_space"
    block: Pair = (2, 2)
    crop: Pair = (0, 0)

    def __post_init__(self) -> None:
        if min(self.block) < 1:
            raise GraphError(f"blocks of {self.block} pixels are none")
        if any(not 0 <= left_out < size for left_out, size in zip(self.crop, self.block, strict=True)):
            raise GraphError(f"{self.crop} rows and columns cannot be left out of blocks of {self.block}")

    @property
    def phases(self) -> int:
        """Pixels of a block."""
        return prod(self.block)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if x.channels % self.phases:
            raise GraphError(f"cannot make blocks of {self.block} pixels of {x.channels} channels")
        channels, (rows, columns) = x.channels // self.phases, self.block
        scales = np.broadcast_to(np.array(x.scale), x.channels).reshape(self.phases, channels)
        if (scales != scales[0]).any():
            raise GraphError(
                "the pixels of a block have different scales", remedy="put a quantizer before the depth to space"
            )
        shape = (channels, x.height * rows - self.crop[0], x.width * columns - self.crop[1])
        return (replace(x, shape=shape, scale=x.scale if len(x.scale) == 1 else tuple(scales[0].tolist())),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        (x,) = inputs
        n, channels, height, width = x.shape
        rows, columns = self.block
        blocks = x.reshape(n, rows, columns, channels // self.phases, height, width).transpose(0, 3, 4, 1, 5, 2)
        y = blocks.reshape(n, -1, height * rows, width * columns)
        return (np.ascontiguousarray(y[:, :, : y.shape[2] - self.crop[0], : y.shape[3] - self.crop[1]]),)
