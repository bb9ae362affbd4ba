"""MobileNet-V1 (Howard et al., arXiv 1704.04861): depthwise separable convolutions."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from codesign.networks.base import MOST_BLOCKS, Groups, Network, Task
from codesign.sections import Section, Size

Stride = Literal[1, 2]


class Stem(Section):
    """3x3 on the image.

    channels: of its output.
    stride: pixels from one output to the next.
    """

    channels: Size = 32
    stride: Stride = 2


class SeparableBlock(Section):
    """3x3 of that stride, depthwise or in groups, then 1x1 to `channels`.

    channels: of its output.
    stride: of the 3x3.
    """

    channels: Size
    stride: Stride = 1


class Model(Network):
    """MobileNet-V1: stem, separable blocks, global average, fully connected.

    kind: which network.
    classes: their names, or how many there are.
    stem: the first layer, on the image.
    blocks: the separable blocks, in their order.
    groups: of the blocks' 3x3 convolutions, which are depthwise without.
    """

    task: ClassVar[Task] = "classification"
    kind: Literal["mobilenet"] = "mobilenet"
    stem: Stem = Stem()
    blocks: Annotated[tuple[SeparableBlock, ...], Field(min_length=1, max_length=MOST_BLOCKS)]
    groups: Groups | None = None

    @model_validator(mode="after")
    def _channels_divide_into_groups(self) -> Self:
        for channels in (self.stem.channels, *(block.channels for block in self.blocks[:-1])):
            if self.groups:
                self.groups.of(channels, channels)
        return self

    @property
    def coarsest_stride(self) -> int:
        return self.stem.stride * prod(block.stride for block in self.blocks)
