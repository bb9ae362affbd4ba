"""`codesign tune`: the group size of a recipe's network that is best on a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from codesign.errors import RecipeError
from codesign.files import write_bytes
from codesign.graph import Graph
from codesign.graph.windows import Convolution
from codesign.networks.base import Groups
from codesign.progress import Progress, silent
from codesign.recipe import Recipe, load_recipe, parse_recipe, save_recipe
from codesign.targets import load_target

if TYPE_CHECKING:
    from codesign.tuning.group_size import Curve

SIZES = tuple(2**n for n in range(11))
"""Group sizes that are tried unless others are given: those that the network's channels allow."""


@dataclass(frozen=True)
class Tuning:
    """The curve, and the recipe with the chosen size."""

    curve: Curve
    recipe: Recipe


def tune(
    recipe: str | Path | Recipe,
    *,
    target: str | Path = "pynq-z2",
    sizes: Sequence[int] | None = None,
    max_dsp: int | None = None,
    out: Path | None = None,
    plot: Path | None = None,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
) -> Tuning:
    """Builds the network untrained with every group size, schedules each, and takes the one of greatest merit.

    What merit is, and what decides it, says `codesign.tuning.group_size`. out: file for the recipe with the chosen
    size; plot: file for the curve, PNG. progress: called with ("group sizes", done, in all), then ("schedules", 0 or 1,
    1).
    Raises RecipeError if the network has no groups or no size divides its channels, ScheduleError if none fits.
    """
    from codesign.reporting import group_sizes
    from codesign.tuning.group_size import Stack, curve

    found = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides)
    grouped = {size: grouping for size in sizes or SIZES if (grouping := _regrouped(found, size, quiet=not sizes))}
    if not grouped:
        raise RecipeError("no group size divides its channels", where=found.name, remedy="choose other channels")
    built = cache(lambda size: untrained_graph(grouped[size]))
    for done, size in enumerate(grouped):
        progress("group sizes", done, len(grouped))
        built(size)
    progress("group sizes", len(grouped), len(grouped))
    names = _differing(built(min(grouped)), built(max(grouped)))
    progress("schedules", 0, 1)
    result = curve(Stack(found.name, built, names), tuple(grouped), load_target(target), max_dsp=max_dsp)
    progress("schedules", 1, 1)
    chosen = grouped[result.chosen.group_size]
    if out is not None:
        save_recipe(chosen, out)
    if plot is not None:
        write_bytes(plot, group_sizes.png(result))
    return Tuning(result, chosen)


def _regrouped(recipe: Recipe, size: int, quiet: bool) -> Recipe | None:
    """The recipe with that group size; None if it does not divide the channels, or is larger than any, and `quiet`."""
    if "groups" not in type(recipe.model).model_fields:
        raise RecipeError(
            f"a {recipe.model.kind} has no grouped convolutions",
            where=recipe.name,
            remedy="tune a mobilenet or a resnext",
        )
    content = recipe.model_dump(mode="json")
    content["model"]["groups"] = {"size": size}
    try:
        found = parse_recipe(content, recipe.name)
    except RecipeError:
        if quiet:
            return None
        raise
    return None if quiet and size > 1 and _same_layers(found, size) else found


def _same_layers(recipe: Recipe, size: int) -> bool:
    """Whether half the size gives the same network: no layer has more channels than that."""
    from codesign.nn.count import count

    half = recipe.model.model_copy(update={"groups": Groups(size=size // 2)})
    return count(recipe).macs == count(recipe.model_copy(update={"model": half})).macs


def untrained_graph(recipe: Recipe) -> Graph:
    """The integer graph of the recipe's network with random weights."""
    from codesign.frontend.export import export_qonnx
    from codesign.frontend.qonnx import import_qonnx
    from codesign.training.untrained import untrained_network

    return import_qonnx(export_qonnx(untrained_network(recipe), recipe))


def _differing(first: Graph, second: Graph) -> tuple[str, ...]:
    """Convolutions whose weights have another shape in the other graph."""
    shapes = {node.name: node.op.weight.shape for node in second.nodes if isinstance(node.op, Convolution)}
    return tuple(
        node.name
        for node in first.nodes
        if isinstance(node.op, Convolution) and node.op.weight.shape != shapes.get(node.name)
    )
