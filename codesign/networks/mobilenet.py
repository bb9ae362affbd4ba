"""MobileNet-V1 (Howard et al., arXiv 1704.04861): depthwise separable convolutions."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from codesign.networks.base import Network, Positive, Section, Task

Stride = Literal[1, 2]


class Stem(Section):
    """3x3 on the image."""

    channels: Positive = 32
    stride: Stride = 2


class Block(Section):
    """3x3 depthwise of that stride, then 1x1 to `channels`."""

    channels: Positive
    stride: Stride = 1


class Model(Network):
    """MobileNet-V1: stem, separable blocks, global average, fully connected."""

    task: ClassVar[Task] = "classification"
    kind: Literal["mobilenet"] = "mobilenet"
    stem: Stem = Stem()
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]

    @property
    def coarsest_stride(self) -> int:
        return self.stem.stride * prod(block.stride for block in self.blocks)
