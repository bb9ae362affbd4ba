"""CoDeNet, a detector (Dong, Wang, Huang et al., FPGA 2021, arXiv 2006.08357)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self, cast

from pydantic import Field, model_validator

from codesign.networks.base import MOST_STAGES, EvenChannels, Network, Repeats, Task
from codesign.sections import Section, Size, Training


class Stem(Section):
    """3x3 with stride 4, or 3x3 with stride 2 and a 3x3 max-pool of stride 2: either way 1/4 of the input.

    kind: which of both.
    channels: of its output.
    """

    kind: Literal["stride4", "stride2-maxpool"] = "stride2-maxpool"
    channels: Size = 24


class Stage(Section):
    """A ShuffleNetV2 stage: one unit of stride 2, then `units - 1` of stride 1.

    channels: of its output, half of them in each branch.
    units: how many.
    """

    channels: EvenChannels
    units: Repeats


Operator = Literal[
    "conv",
    "depthwise",
    "depthwise-5x5",
    "depthwise-7x7",
    "deformable",
    "bounded",
    "square",
    "square-integer",
    "deformable-depthwise",
    "bounded-depthwise",
    "square-depthwise",
    "square-integer-depthwise",
]
"""Spatial operator of the decoder. `conv` and those named `depthwise` alone sample a fixed grid, so that `depthwise` is
`square-integer-depthwise` with its dilation fixed to 1. The others are deformable 3x3: 18 free offsets a position; the
same bounded; one dilation for all; the same in whole numbers. Only the last of them is built in hardware."""


Order = Literal["depthwise_first", "pointwise_first"]
"""What comes first in a decoder block: as CoDeNet was deployed; or as the paper draws it, on fewer channels."""


Sampling = Literal["grid", "deformable", "bounded", "square", "square-integer"]


@dataclass(frozen=True)
class OperatorForm:
    """What an operator's name says."""

    sampling: Sampling
    depthwise: bool
    kernel: int

    @property
    def float_only(self) -> bool:
        """Whether there is neither a quantized form nor hardware."""
        return self.sampling != "grid" and not (self.sampling == "square-integer" and self.depthwise)


def operator_form(operator: Operator) -> OperatorForm:
    """Take an operator's name apart."""
    depthwise = "depthwise" in operator
    kernel = int(operator[-1]) if operator.endswith(("5x5", "7x7")) else 3
    sampling = cast(Sampling, operator.removesuffix("-depthwise"))
    if operator == "conv" or operator.startswith("depthwise"):
        return OperatorForm("grid", depthwise, kernel)
    return OperatorForm(sampling, depthwise, kernel)


class Decoder(Section):
    """Blocks of (spatial operator, 1x1, 2x upsample); `channels[i]` leave block i.

    operator: what samples the map; only conv, those named depthwise and square-integer-depthwise exist in hardware.
    order: which of the spatial operator and the 1x1 comes first.
    channels: of every block's output; as many blocks as there are numbers.
    bound: largest magnitude of a dilation, or of an offset, in pixels.
    """

    operator: Operator = "square-integer-depthwise"
    bound: Annotated[int, Field(strict=True, ge=1, le=15)] = 7
    order: Order = "depthwise_first"
    channels: Annotated[tuple[Size, ...], Field(min_length=1, max_length=MOST_STAGES)]


class Model(Network):
    """CoDeNet: stem, stages, optional 1x1, decoder, three heads.

    kind: which network.
    classes: their names, or how many there are.
    stem: the first layers, on the image.
    stages: each halves the height and the width.
    last_channels: of a 1x1 convolution behind the stages; null: none.
    decoder: what doubles the height and the width again, up to the heat map's.
    head_channels: of the hidden layer of each head.
    """

    task: ClassVar[Task] = "detection"
    kind: Literal["codenet"] = "codenet"
    stem: Stem = Stem()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_STAGES)]
    last_channels: Size | None = None
    decoder: Decoder
    head_channels: Size = 64

    @model_validator(mode="after")
    def _decoder_fits_the_stages(self) -> Self:
        if len(self.decoder.channels) > len(self.stages) + 1:
            raise ValueError("decoder.channels has so many blocks that the heat map is finer than half the input")
        return self

    @property
    def output_stride(self) -> int:
        """Input pixels per cell of the heat map."""
        return self.coarsest_stride >> len(self.decoder.channels)

    @property
    def coarsest_stride(self) -> int:
        """Input pixels per cell of the smallest feature map."""
        return 4 << len(self.stages)

    def float_operator(self, training: Training) -> Operator:
        """The decoder's operator in floating point."""
        operator = self.decoder.operator
        square = cast(Operator, operator.replace("square-integer", "square"))
        return square if training.fractional_first else operator

    def in_floating_point(self, training: Training) -> Self:
        decoder = self.decoder.model_copy(update={"operator": self.float_operator(training)})
        return self.model_copy(update={"decoder": decoder})

    def check(self, training: Training) -> None:
        operator = self.decoder.operator
        if operator_form(operator).float_only and training.quantized_phase is not None:
            raise ValueError(
                f"the operator '{operator}' exists in floating point only: training.quantized_phase must be null"
            )
