"""ResNeXt (Xie, Girshick, Dollar, Tu, He, arXiv 1611.05431): bottlenecks whose 3x3 convolutions are in groups."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from codesign.networks.base import MOST_STAGES, Groups, Network, Repeats, Task
from codesign.sections import Section, Size


class Stem(Section):
    """On the image: 7x7 of stride 2 and a 3x3 max-pool of stride 2, or, for small images, 3x3 of stride 1.

    kind: which of both.
    channels: of its output.
    """

    kind: Literal["7x7-maxpool", "3x3"] = "7x7-maxpool"
    channels: Size = 64

    @property
    def stride(self) -> int:
        return 4 if self.kind == "7x7-maxpool" else 1


class Stage(Section):
    """`blocks` bottlenecks: 1x1 to `width`, 3x3 in groups, 1x1 to `channels`.

    From the second stage on, the 3x3 of the first of them has stride 2.

    width: channels of the 3x3.
    channels: of its output.
    blocks: how many.
    """

    width: Size
    channels: Size
    blocks: Repeats


class Model(Network):
    """Stem, stages, global average, fully connected.

    Widths of 128, 256, 512, 1024 in 3, 4, 6, 3 blocks and 32 groups make ResNeXt-50. Shortcuts that change the shape
    are 1x1 convolutions.

    kind: which network.
    classes: their names, or how many there are.
    stem: the first layers, on the image.
    stages: each halves the height and the width, the first one excepted.
    groups: of the 3x3 convolutions.
    """

    task: ClassVar[Task] = "classification"
    kind: Literal["resnext"] = "resnext"
    stem: Stem = Stem()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_STAGES)]
    groups: Groups = Groups(number=32)

    @model_validator(mode="after")
    def _widths_divide_into_groups(self) -> Self:
        for stage in self.stages:
            self.groups.of(stage.width, stage.width)
        return self

    @property
    def coarsest_stride(self) -> int:
        return int(self.stem.stride * 2 ** (len(self.stages) - 1))
