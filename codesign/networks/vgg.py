"""VGG-small, the plain network of low-bit papers: pairs of 3x3 convolutions, each pair max-pooled."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from codesign.networks.base import MOST_STAGES, Network, Repeats, Task
from codesign.sections import Section, Size


class Stage(Section):
    """`convolutions` 3x3 of `channels`, then 2x2 max-pooling.

    channels: of each convolution's output.
    convolutions: how many.
    """

    channels: Size
    convolutions: Repeats = 2


class Model(Network):
    """Stages, then fully connected over the last map.

    kind: which network.
    classes: their names, or how many there are.
    stages: each halves the height and the width.
    """

    task: ClassVar[Task] = "classification"
    has_binary_form: ClassVar[bool] = True
    kind: Literal["vgg"] = "vgg"
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_STAGES)]

    @property
    def coarsest_stride(self) -> int:
        return 1 << len(self.stages)
