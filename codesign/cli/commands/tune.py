from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.completion import board_names, recipe_names
from codesign.cli.console import OUTPUT, Json, keeps, print_json, print_table, progress_bars, terminal
from codesign.cli.help import TRAIN
from codesign.cli.numbers import LARGEST_SIZE, MOST_DSP, whole

if TYPE_CHECKING:
    from rich.table import Table

    from codesign.reporting.tables import plain_table
    from codesign.tuning.group_size import Curve

SECTION, ORDER = TRAIN, 4
EXAMPLES = (
    ("codesign tune fashion-mobilenet", "the best group size for a PYNQ-Z2"),
    ("codesign tune fashion-mobilenet --group-size 4,8,16 --out tuned.yaml", "of these, written as a recipe"),
)


def run(
    recipe: Annotated[
        str,
        typer.Argument(
            autocompletion=recipe_names, help="A recipe file, or the name of a shipped one, of a network in groups."
        ),
    ],
    target: Annotated[
        str, typer.Option(autocompletion=board_names, help="A board of `codesign targets`, or a target file.")
    ] = "pynq-z2",
    group_size: Annotated[
        str, typer.Option(help="Sizes to choose from, such as 4,8,16; auto: all powers of two that fit the channels.")
    ] = "auto",
    max_dsp: Annotated[
        int | None, typer.Option(parser=whole(0, MOST_DSP), help="Use at most so many DSP blocks.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the recipe with the chosen size.", rich_help_panel=OUTPUT)
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the curve as PNG.", rich_help_panel=OUTPUT)] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Choose the number of channels a group from what every size costs on a target."""
    from codesign.api.tune import tune
    from codesign.reporting.console import styled

    with keeps("nothing is written"), progress_bars() as progress:
        found = tune(
            recipe,
            target=target,
            sizes=_sizes(group_size),
            max_dsp=max_dsp,
            out=out,
            plot=plot,
            overrides=set_ or (),
            progress=progress,
        )
    if json:
        print_json({"chosen": found.curve.chosen.group_size, **vars(found.curve)})
        return
    console, curve = terminal(), found.curve
    print_table(_table(curve))
    for size, why in curve.refused.items():
        console.print(f"groups of {size}: {why}")
    low, high = curve.chosen_range
    range_ = "" if low == high else f" ({low} to {high} from the low to the high end of the energies)"
    chosen = f"\nchosen: groups of {curve.chosen.group_size}"
    console.print(styled((chosen, "bold"), f"{range_}; {curve.chosen.binds}"))
    for what, file in (("recipe", out), ("curve", plot)):
        if file is not None:
            console.print(f"{what}: {file}")


def _sizes(text: str) -> tuple[int, ...] | None:
    """None for `auto`. Raises RecipeError for anything but positive numbers."""
    from codesign.errors import RecipeError

    if text == "auto":
        return None
    size = whole(1, LARGEST_SIZE)
    try:
        return tuple(sorted({size(part.strip()) for part in text.split(",")}))
    except typer.BadParameter as error:
        raise RecipeError(error.message, where="--group-size", remedy="give auto, or e.g. 4,8,16") from None


def _table(curve: Curve) -> Table:

    from codesign.tuning.group_size import merit

    headings = ("group", "M MACs", "cycles", "uJ", "LUT", "BRAM36", "DSP", "busy", "mult/DSP", "w Kbit", "merit")
    table = plain_table((), headings)
    most = merit(curve.chosen.macs, curve.chosen.middle_uj, curve.chosen.interval_cycles)
    for p in curve.points:
        multipliers, dsp = (sum(getattr(layer, name) for layer in p.layers) for name in ("multipliers", "dsp"))
        busy = sum(layer.macs for layer in p.layers) / (multipliers * p.interval_cycles)
        table.add_row(
            str(p.group_size),
            f"{p.macs / 1e6:.2f}",
            f"{p.interval_cycles:,}",
            f"{p.energy_uj[0]:.2f}-{p.energy_uj[1]:.2f}",
            f"{p.used.lut:,}",
            f"{p.used.bram36:g}",
            str(p.used.dsp),
            f"{busy:.0%}",
            f"{multipliers / dsp:.2f}" if dsp else "",
            f"{sum(layer.weight_bits for layer in p.layers) / 1024:,.0f}",
            f"{merit(p.macs, p.middle_uj, p.interval_cycles) / most:.3f}",
            style="bold" if p is curve.chosen else None,
        )
    return table
