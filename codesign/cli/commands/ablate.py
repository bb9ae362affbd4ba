from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.completion import recipe_names
from codesign.cli.console import OUTPUT, Json, keeps, print_json, print_table, progress_bars, terminal
from codesign.cli.help import TRAIN
from codesign.cli.numbers import LARGEST_SEED, whole

SECTION, ORDER = TRAIN, 6
EXAMPLES = (
    ("codesign ablate", "all operators of the decoder, hours, into ablations/codenet-ablation"),
    ("codesign ablate --operator square --seed 0", "one of them, once"),
)


def run(
    recipe: Annotated[
        str, typer.Argument(autocompletion=recipe_names, help="A recipe file, or the name of a shipped one.")
    ] = "codenet-ablation",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results, and for the runs to go on from. Default: ablations/NAME of the recipe.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    operator: Annotated[list[str] | None, typer.Option(help="Only this operator. Repeatable. Default: all.")] = None,
    order: Annotated[list[str] | None, typer.Option(help="Only this order of the decoder. Repeatable.")] = None,
    seed: Annotated[
        list[int] | None,
        typer.Option(parser=whole(0, LARGEST_SEED), help="Only this seed. Repeatable. Default: 0, 1 and 2."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Train a recipe with every operator of the decoder and compare them.

    Finished runs are kept and not trained again.
    """
    from codesign.api.ablate import OPERATORS, ORDERS, SEEDS, ablate
    from codesign.places import ablation_folder
    from codesign.recipe import load_recipe
    from codesign.reporting.ablation import rows
    from codesign.reporting.tables import plain_table

    folder = out or ablation_folder(load_recipe(recipe, set_ or ()).name)
    with keeps(f"finished runs are in {folder}, go on with the same command"), progress_bars() as progress:
        runs = ablate(
            recipe,
            folder,
            operators=operator or OPERATORS,
            orders=order or ORDERS,
            seeds=seed or SEEDS,
            overrides=set_ or (),
            progress=progress,
        )
    if json:
        print_json({"folder": folder, "runs": runs})
        return
    table = plain_table(("operator", "order", "precision"), ("seeds", "AP50 %", "AP %"))
    for row in rows(runs):
        table.add_row(*row)
    print_table(table)
    terminal().print(f"results: {folder / 'ablation.json'}", soft_wrap=True)
