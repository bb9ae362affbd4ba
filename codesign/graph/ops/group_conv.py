"""Group convolution: channels in groups, every output made of the inputs of its own group only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import IntArray
from codesign.graph.windows import Convolution, dense


@dataclass(frozen=True, eq=False)
class GroupConv(Convolution):
    """As `conv`, with input channels i C_in / groups onwards for output channels i C_out / groups onwards.

    weight: (C_out, C_in / groups, kH, kW) integers; bias: (C_out,) at the accumulator's scale; weight_scale: one, or
    one per output channel. One group is what `conv` does, as many as input and output channels what `depthwise` does,
    both with less hardware.
    """

    kind: ClassVar[str] = "group_conv"
    multiplies = "grouped"
    category = "dense"
    groups: int = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.groups < 1 or self.weight.shape[0] % self.groups:
            raise GraphError(f"{self.weight.shape[0]} output channels cannot be parted in {self.groups} groups")

    @property
    def group_inputs(self) -> int:
        """Input channels of a group."""
        return int(self.weight.shape[1])

    @property
    def group_outputs(self) -> int:
        """Output channels of a group."""
        return int(self.weight.shape[0]) // self.groups

    def check_channels(self, channels: int) -> None:
        if channels != self.groups * self.group_inputs:
            raise GraphError(
                f"weights for {self.groups} groups of {self.group_inputs} input channels, input has {channels}"
            )

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (dense(inputs[0], self.weight, self.bias, self.stride, self.pads, self.groups),)
