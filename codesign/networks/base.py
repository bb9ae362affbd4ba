"""What every network's section of a recipe has."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from codesign.sections import Positive as Positive
from codesign.sections import Section, Size, Training

Repeats = Annotated[int, Field(strict=True, gt=0, le=256)]
"""How often a layer is repeated."""
EvenChannels = Annotated[int, Field(strict=True, gt=0, le=2**16, multiple_of=2)]
MOST_STAGES, MOST_BLOCKS = 16, 256
"""The most that a network has: 16 stages that halve the image want one of 65,536 pixels."""
MOST_CLASSES = 2**16
LONGEST_NAME = 200
"""Characters of a class's name."""

Task = str
"""Name of a file in `codesign/tasks`."""

DIGIT_CLASSES = tuple("0123456789")


class Groups(Section):
    """How convolutions are grouped: `{size: 8}`, eight input channels a group in every layer (E2GC, arXiv 2006.15100),
    or `{number: 4}`, four groups in every layer.

    A layer of fewer channels than `size` is one group, one of fewer than `number` has as many groups as channels.

    size: input channels of a group.
    number: groups of a layer.
    """

    size: Size | None = Field(default=None, examples=[8])
    number: Size | None = Field(default=None, examples=[4])

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.size is None) == (self.number is None):
            raise ValueError("groups have either a size or a number")
        return self

    def of(self, in_channels: int, out_channels: int) -> int:
        """Number of groups of a layer. Raises ValueError if its channels cannot be parted so."""
        size = in_channels if self.size is None else min(self.size, in_channels)
        number = in_channels // size if self.number is None else min(self.number, in_channels)
        if in_channels % (size if self.number is None else number) or out_channels % number:
            raise ValueError(f"{in_channels} input and {out_channels} output channels do not divide into {self}")
        return number

    def __str__(self) -> str:
        return f"groups of {self.size}" if self.size else f"{self.number} groups"


def _numbered(classes: object) -> object:
    """Names of so many classes: their numbers."""
    if isinstance(classes, bool) or not isinstance(classes, int):
        return classes
    if not 1 <= classes <= MOST_CLASSES:
        raise ValueError(f"a network has 1 to {MOST_CLASSES:,} classes")
    return tuple(map(str, range(classes)))


def _different(classes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(classes)) < len(classes):
        raise ValueError("two classes have one name")
    return classes


ClassName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Classes = Annotated[
    tuple[ClassName, ...],
    BeforeValidator(_numbered),
    Field(min_length=1, max_length=MOST_CLASSES),
    AfterValidator(_different),
]


class Network(Section):
    """A network's own part of a recipe. Its `kind` has the name of its file, here and in `nn`, for its default.

    kind: which network.
    classes: their names, or how many there are.
    """

    task: ClassVar[Task]
    has_binary_form: ClassVar[bool] = False
    kind: str
    classes: Classes = DIGIT_CLASSES

    @property
    def coarsest_stride(self) -> int:
        """Input pixels per cell of the smallest feature map, which must divide the image."""
        raise NotImplementedError

    @property
    def output_stride(self) -> int:
        """Input pixels per cell of the heat map, where it is a detector."""
        raise NotImplementedError

    def in_floating_point(self, training: Training) -> Self:
        """The network that is trained before its quantized form."""
        return self

    def check(self, training: Training) -> None:
        """Raises ValueError if it cannot be trained as `training` says."""
        if training.fractional_first:
            raise ValueError(f"a {self.kind} has no dilations: training.fractional_first must be false")
