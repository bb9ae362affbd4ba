"""ResNet for small images (He et al., arXiv 1512.03385, section 4.2): residual blocks of two 3x3 convolutions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from codesign.networks.base import MOST_STAGES, Network, Repeats, Task
from codesign.sections import Section, Size


class Stage(Section):
    """`blocks` residual blocks of `channels`; from the second stage on, the first of them has stride 2.

    channels: of its output.
    blocks: how many.
    """

    channels: Size
    blocks: Repeats


class Model(Network):
    """3x3 of the first stage's channels, stages, global average, fully connected.

    Three stages of 3 blocks make ResNet-20, four of 2 ResNet-18. Shortcuts that change the shape are 1x1 convolutions.

    kind: which network.
    classes: their names, or how many there are.
    stages: each halves the height and the width, the first one excepted.
    """

    task: ClassVar[Task] = "classification"
    has_binary_form: ClassVar[bool] = True
    kind: Literal["resnet"] = "resnet"
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_STAGES)]

    @property
    def coarsest_stride(self) -> int:
        return 1 << (len(self.stages) - 1)
