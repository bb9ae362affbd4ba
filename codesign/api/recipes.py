"""`codesign new --list`: the recipes that ship."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.recipe import load_recipe
from codesign.resources import models_dir


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe by the name under which every command takes it.

    image_size: in pixels, height and width. trained: whether a run ships with it, which `codesign export` takes.
    """

    name: str
    task: str
    network: str
    data: str
    image_size: tuple[int, int]
    classes: int
    trained: bool


def recipes() -> tuple[ShippedRecipe, ...]:
    """All that ship, by name."""
    return tuple(_shipped(file.stem) for file in sorted(models_dir().glob("*.yaml")))


def _shipped(name: str) -> ShippedRecipe:
    recipe = load_recipe(name)
    trained = (models_dir() / name / "weights.safetensors").is_file()
    data, model = recipe.data, recipe.model
    return ShippedRecipe(name, recipe.task, model.kind, data.set, data.size, len(model.classes), trained)
