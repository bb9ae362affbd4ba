"""What every network's section of a recipe has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from codesign.recipe import Training

Positive = Annotated[int, Field(gt=0)]
EvenChannels = Annotated[int, Field(gt=0, multiple_of=2)]

Task = Literal["detection", "classification"]

DIGIT_CLASSES = tuple("0123456789")


class Section(BaseModel):
    """Part of a recipe: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(Section):
    """A network's own part of a recipe. Its `kind` has the name of its file, here and in `nn`, for its default."""

    task: ClassVar[Task]
    kind: str
    classes: Annotated[tuple[str, ...], Field(min_length=1)] = DIGIT_CLASSES

    @property
    def coarsest_stride(self) -> int:
        """Input pixels per cell of the smallest feature map, which must divide the image."""
        raise NotImplementedError

    def in_floating_point(self, training: Training) -> Self:
        """The network that is trained before its quantized form."""
        return self

    def check(self, training: Training) -> None:
        """Raises ValueError if it cannot be trained as `training` says."""
        if training.fractional_first:
            raise ValueError(f"a {self.kind} has no dilations: training.fractional_first must be false")
