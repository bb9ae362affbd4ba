"""What a search may change of a recipe, and the recipes that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from codesign.errors import RecipeError
from codesign.recipe import Recipe, parse_recipe

CHANNELS = ("channels", "last_channels", "head_channels")
"""Keys of a network's section that count channels."""

MULTIPLE = 4
"""Scaled channels are multiples of it: networks split channels in halves, hardware folds them."""

Value = int | float
Choice = Mapping[str, Value]


@dataclass(frozen=True)
class Space:
    """The choices for each part of a recipe; one choice leaves nothing to search, none leaves the recipe's own.

    width: factors of all channels. resolution: factors of the image's size, rounded to what its strides allow.
    weight_bits, activation_bits: of all layers but the stem, and of the activations. group_size: of networks in groups.
    """

    width: tuple[float, ...] = (0.5, 0.75, 1.0, 1.25)
    resolution: tuple[float, ...] = (0.5, 0.75, 1.0)
    weight_bits: tuple[int, ...] = (3, 4, 6, 8)
    activation_bits: tuple[int, ...] = (4, 6, 8)
    group_size: tuple[int, ...] = (1, 2, 4, 8, 16)

    def choices(self, recipe: Recipe) -> dict[str, tuple[Value, ...]]:
        """What there is to choose for this recipe, by name; networks without groups have no group size.

        Raises RecipeError if that is nothing.
        """
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        if "groups" not in type(recipe.model).model_fields:
            del found["group_size"]
        found = {name: values for name, values in found.items() if values}
        if all(len(values) == 1 for values in found.values()):
            raise RecipeError(
                "nothing is left to search", where=recipe.name, remedy="give several choices of something"
            )
        return found


def variant(recipe: Recipe, choice: Choice) -> Recipe:
    """The recipe with what `choice` says. Raises RecipeError if its network cannot be built so."""
    content = recipe.model_dump(mode="json")
    if "width" in choice:
        content["model"] = _scaled(content["model"], choice["width"])
    if "resolution" in choice:
        stride = recipe.model.coarsest_stride
        sides = [max(1, round(side * choice["resolution"] / stride)) * stride for side in recipe.data.size]
        content["data"]["image_size"] = sides[0] if isinstance(recipe.data.image_size, int) else sides
    for key in ("weight_bits", "activation_bits"):
        if key in choice:
            content["quantization"][key] = choice[key]
    if "group_size" in choice:
        content["model"]["groups"] = {"size": choice["group_size"]}
    return parse_recipe(content, recipe.name)


def _scaled(section: Any, factor: float) -> Any:
    """The section with all its numbers of channels times `factor`."""
    if isinstance(section, list):
        return [_scaled(part, factor) for part in section]
    if not isinstance(section, dict):
        return section
    return {key: _channels(part, factor) if key in CHANNELS else _scaled(part, factor) for key, part in section.items()}


def _channels(value: Any, factor: float) -> Any:
    if isinstance(value, list):
        return [_channels(part, factor) for part in value]
    return value if value is None else max(1, round(value * factor / MULTIPLE)) * MULTIPLE
