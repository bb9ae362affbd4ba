from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codesign.cli.completion import recipe_names
from codesign.cli.console import Json, print_json, print_table, progress_bars, terminal
from codesign.cli.help import TRAIN

if TYPE_CHECKING:
    from codesign.nn.count import BlockCount, NetworkCount

SECTION, ORDER = TRAIN, 0
EXAMPLES = (
    ("codesign summary codenet-a", "every module's parameters and multiply-accumulates"),
    ("codesign summary codenet-b --set data.image_size=256", "of images of another size"),
)
DEPTH = 3
"""Steps of a module's path that name a line: `backbone.stages.stage2`, `heads.heat.output`."""


def run(
    recipe: Annotated[
        str,
        typer.Argument(
            autocompletion=recipe_names, help="A recipe file, or the name of a shipped one, e.g. codenet-a."
        ),
    ],
    blocks: Annotated[bool, typer.Option("--blocks", help="One line for every convolution.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the recipe. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Count a network's parameters and multiply-accumulates. Needs neither weights nor data."""
    from codesign.api.summary import summary
    from codesign.reporting.console import styled
    from codesign.reporting.tables import plain_table

    with progress_bars() as progress:
        progress("network", 0, 1)
        found = summary(recipe, overrides=set_ or ())
    if json:
        print_json(_figures(found))
        return
    table = plain_table(("module",), ("height x width", "parameters", "MACs"))
    for name, members in groupby(found.blocks, key=lambda block: block.name if blocks else _module(block)):
        part = list(members)
        figures = (sum(block.parameters for block in part), sum(block.macs for block in part))
        table.add_row(name, "x".join(map(str, part[-1].output[1:])), *(f"{figure:,}" for figure in figures))
    table.add_row("total", "", f"{found.parameters:,}", f"{found.macs:,}", style="bold")
    print_table(table)
    told = (
        f": {found.macs / 1e9:.3f} G MACs an image, {found.parameters / 1e6:.3f} M parameters with batch norm: "
        f"{found.float_mib:.2f} MiB in fp32, {found.quantized_mib:.3f} MiB at {found.weight_bits} bits"
    )
    terminal().print(styled(("\n" + found.name, "bold"), told))


def _figures(found: NetworkCount) -> dict[str, Any]:
    totals = ("name", "parameters", "macs", "float_mib", "quantized_mib", "weight_bits", "blocks")
    return {name: getattr(found, name) for name in totals}


def _module(block: BlockCount) -> str:
    return ".".join(block.name.split(".")[:DEPTH])
