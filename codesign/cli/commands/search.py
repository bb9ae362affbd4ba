from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.completion import board_names, recipe_names
from codesign.cli.console import OUTPUT, Json, keeps, print_json, print_table, progress_bars, terminal
from codesign.cli.help import TRAIN
from codesign.cli.numbers import LARGEST_SIZE, MOST_TRIALS, number, whole

if TYPE_CHECKING:
    from rich.table import Table

    from codesign.api.search import Search
    from codesign.tuning.space import Space

SECTION, ORDER = TRAIN, 5
EXAMPLES = (
    ("codesign search codenet-digits --trials 20", "into searches/codenet-digits; again: goes on"),
    ("codesign search codenet-digits --weight-bits 3,4 --width 0.5,1", "among these only"),
    ("codesign search codenet-digits --storage postgresql://me@db/trials", "on as many machines as you like"),
)
SPACE = "What is searched"
"""Panel of the choices."""

FACTORS = (0.01, 100.0)


def run(
    recipe: Annotated[
        str, typer.Argument(autocompletion=recipe_names, help="A recipe file, or the name of a shipped one.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the search; one that is there goes on. Default: searches/NAME of the recipe.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    target: Annotated[
        str, typer.Option(autocompletion=board_names, help="A board of `codesign targets`, or a target file.")
    ] = "pynq-z2",
    trials: Annotated[
        int, typer.Option(parser=whole(0, MOST_TRIALS), help="Variants to try, beyond those tried already.")
    ] = 50,
    train: Annotated[bool, typer.Option("--train", help="Train every variant, for its accuracy.")] = False,
    width: Annotated[
        str | None, typer.Option(help="Factors of all channels, such as 0.5,1.", rich_help_panel=SPACE)
    ] = None,
    resolution: Annotated[
        str | None, typer.Option(help="Factors of the image's size, such as 0.5,1.", rich_help_panel=SPACE)
    ] = None,
    weight_bits: Annotated[
        str | None, typer.Option(help="Of all weights but the first layer's, such as 3,4,8.", rich_help_panel=SPACE)
    ] = None,
    activation_bits: Annotated[
        str | None, typer.Option(help="Of all activations, such as 4,8.", rich_help_panel=SPACE)
    ] = None,
    group_size: Annotated[
        str | None, typer.Option(help="Of a network in groups, such as 4,8.", rich_help_panel=SPACE)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe. Repeatable."),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A database that has the trials, of the search named like the folder: for machines that share none.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Search a recipe's width, resolution, bit widths and group size for the best of latency, energy and size.

    Run it several times on one folder, at once too: all trials count. Writes search.json, pareto.png and a recipe for
    every variant that no other beats. What is searched has defaults that suit the recipe.
    """
    from codesign.api.search import search
    from codesign.places import search_folder
    from codesign.recipe import load_recipe

    space = _space(
        width=width,
        resolution=resolution,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        group_size=group_size,
    )
    folder = out or search_folder(load_recipe(recipe, set_ or ()).name)
    with keeps("trials that have ended are kept"), progress_bars() as progress:
        found = search(
            recipe,
            folder,
            target=target,
            trials=trials,
            space=space,
            train=train,
            overrides=set_ or (),
            storage=storage,
            progress=progress,
        )
    if json:
        print_json({"folder": folder, **vars(found)})
        return
    print_table(_table(found))
    terminal().print(
        f"{len(found.best)} of {len(found.candidates)} variants are beaten by none, {len(found.refused)} do not fit "
        f"{found.target}; {folder / 'pareto'}: their recipes",
    )


def _space(**given: str | None) -> Space:
    """The choices given, and the default ones. Raises RecipeError for what is no list of numbers."""
    from codesign.errors import RecipeError
    from codesign.tuning.space import Space

    found: dict[str, tuple[float, ...]] = {}
    for name, text in given.items():
        if text is None:
            continue
        kind = number(*FACTORS) if name in ("width", "resolution") else whole(1, LARGEST_SIZE)
        try:
            found[name] = tuple(sorted({kind(part.strip()) for part in text.split(",")}))
        except typer.BadParameter as error:
            raise RecipeError(error.message, where=f"--{name.replace('_', '-')}", remedy="give e.g. 4,8") from None
    return Space(**found)  # type: ignore[arg-type]


def _table(found: Search) -> Table:
    from codesign.reporting.tables import plain_table
    from codesign.reporting.terminal import two_digits

    names = list(found.best[0].choice) if found.best else []
    choices = (name.replace("_", " ") for name in names)
    table = plain_table((), ("trial", *choices, found.quality, "ms", "uJ", "KiB"))
    for c in found.best:
        f = c.figures
        costs = (f"{f.latency_ms:.3g}", f"{two_digits(f.energy_low_uj)}-{two_digits(f.energy_high_uj)}")
        table.add_row(
            str(c.number), *(f"{c.choice[name]:g}" for name in names), f"{f.quality:.3g}", *costs, f"{f.size_kib:.3g}"
        )
    return table
