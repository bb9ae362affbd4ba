"""`codesign summary`: what a recipe's network takes, before any training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from codesign.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from codesign.nn.count import NetworkCount


def summary(recipe: str | Path | Recipe, *, overrides: Sequence[str] = ()) -> NetworkCount:
    """Parameters and multiply-accumulates per block. Needs no data. Raises RecipeError as `load_recipe` does."""
    from codesign.nn.count import count

    return count(recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides))
