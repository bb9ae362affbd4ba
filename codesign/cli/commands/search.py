from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.console import keeps, progress_bars, terminal
from codesign.cli.numbers import LARGEST_SIZE, MOST_TRIALS, number, whole

if TYPE_CHECKING:
    from rich.table import Table

    from codesign.api.search import Search
    from codesign.tuning.space import Space

ORDER = 2
DEFAULT = "default"
FACTORS = (0.01, 100.0)


def run(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a shipped one.")],
    out: Annotated[Path, typer.Option(help="Folder of the search; one that is there goes on.")],
    target: Annotated[str, typer.Option(help="A board of `codesign targets`, or a target file.")] = "pynq-z2",
    trials: Annotated[
        int, typer.Option(parser=whole(0, MOST_TRIALS), help="Variants to try, beyond those tried already.")
    ] = 50,
    train: Annotated[bool, typer.Option("--train", help="Train every variant, for its accuracy.")] = False,
    width: Annotated[str, typer.Option(help="Factors of all channels, such as 0.5,1.")] = DEFAULT,
    resolution: Annotated[str, typer.Option(help="Factors of the image's size, such as 0.5,1.")] = DEFAULT,
    weight_bits: Annotated[str, typer.Option(help="Such as 3,4,8.")] = DEFAULT,
    activation_bits: Annotated[str, typer.Option(help="Such as 4,8.")] = DEFAULT,
    group_size: Annotated[str, typer.Option(help="Of a network in groups, such as 4,8.")] = DEFAULT,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe. Repeatable."),
    ] = None,
) -> None:
    """Search a recipe's width, resolution, bit widths and group size for the best of latency, energy and size.

    Run it several times on one folder, at once too: all trials count. Writes search.json, pareto.png and a recipe for
    every variant that no other beats.
    """
    from codesign.api.search import search

    space = _space(
        width=width,
        resolution=resolution,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        group_size=group_size,
    )
    with keeps("trials that have ended are kept"), progress_bars() as progress:
        found = search(
            recipe,
            out,
            target=target,
            trials=trials,
            space=space,
            train=train,
            overrides=set_ or (),
            progress=progress,
        )
    console = terminal()
    console.print(_table(found))
    console.print(
        f"{len(found.best)} of {len(found.candidates)} variants are beaten by none, {len(found.refused)} do not fit "
        f"{found.target}; {out / 'pareto'}: their recipes",
        soft_wrap=True,
    )


def _space(**given: str) -> Space:
    """The choices given, and the default ones. Raises RecipeError for what is no list of numbers."""
    from codesign.errors import RecipeError
    from codesign.tuning.space import Space

    found: dict[str, tuple[float, ...]] = {}
    for name, text in given.items():
        if text == DEFAULT:
            continue
        kind = number(*FACTORS) if name in ("width", "resolution") else whole(1, LARGEST_SIZE)
        try:
            found[name] = tuple(sorted({kind(part.strip()) for part in text.split(",")}))
        except typer.BadParameter as error:
            raise RecipeError(error.message, where=f"--{name.replace('_', '-')}", remedy="give e.g. 4,8") from None
    return Space(**found)  # type: ignore[arg-type]


def _table(found: Search) -> Table:
    from rich.table import Table

    from codesign.reporting.terminal import two_digits

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    names = list(found.best[0].choice) if found.best else []
    for heading in ("trial", *(name.replace("_", " ") for name in names), found.quality, "ms", "uJ", "KiB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for c in found.best:
        f = c.figures
        costs = (f"{f.latency_ms:.3g}", f"{two_digits(f.energy_low_uj)}-{two_digits(f.energy_high_uj)}")
        table.add_row(
            str(c.number), *(f"{c.choice[name]:g}" for name in names), f"{f.quality:.3g}", *costs, f"{f.size_kib:.3g}"
        )
    return table
