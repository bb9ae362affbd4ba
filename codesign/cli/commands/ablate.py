from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import keeps, progress_bars, terminal
from codesign.cli.numbers import LARGEST_SEED, whole

ORDER = 8


def run(
    out: Annotated[Path, typer.Option(help="Folder for the results, and for the runs to go on from.")],
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a shipped one.")] = "codenet-ablation",
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
) -> None:
    """Train a recipe with every operator of the decoder and compare them.

    Finished runs are kept and not trained again.
    """
    from codesign.api.ablate import OPERATORS, ORDERS, SEEDS, ablate
    from codesign.reporting.ablation import markdown

    with keeps(f"finished runs are in {out}, go on with the same command"), progress_bars() as progress:
        runs = ablate(
            recipe,
            out,
            operators=operator or OPERATORS,
            orders=order or ORDERS,
            seeds=seed or SEEDS,
            overrides=set_ or (),
            progress=progress,
        )
    console = terminal()
    console.print(markdown(runs), soft_wrap=True)
    console.print(f"results: {out / 'ablation.json'}")
