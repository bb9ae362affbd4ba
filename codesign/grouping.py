"""How a network's convolutions are grouped: by a constant size or a constant number of groups (recipes' `groups`)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from codesign.errors import RecipeError

Positive = Annotated[int, Field(gt=0)]


class Groups(BaseModel):
    """`{size: 8}`: eight input channels a group in every layer (E2GC); `{number: 4}`: four groups in every layer.

    A layer of fewer channels than `size`, or than `number`, is one group, or as many as it has channels.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    size: Positive | None = None
    number: Positive | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.size is None) == (self.number is None):
            raise ValueError("groups have either a size or a number")
        return self

    def of(self, in_channels: int, out_channels: int) -> int:
        """Number of groups of a layer. Raises RecipeError if its channels cannot be parted so."""
        size = in_channels if self.size is None else min(self.size, in_channels)
        number = in_channels // size if self.number is None else min(self.number, in_channels)
        if in_channels % (size if self.number is None else number) or out_channels % number:
            raise RecipeError(
                f"{in_channels} input and {out_channels} output channels do not divide into {self}",
                where="groups",
                remedy="choose another size or number of groups, or other channels",
            )
        return number

    def __str__(self) -> str:
        return f"groups of {self.size}" if self.size else f"{self.number} groups"
