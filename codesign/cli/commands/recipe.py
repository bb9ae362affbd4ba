from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.console import Json, print_json, print_table, terminal
from codesign.cli.help import REFERENCE

if TYPE_CHECKING:
    from codesign.recipe_keys import Key

SECTION, ORDER = REFERENCE, 1
EXAMPLES = (
    ("codesign recipe", "all keys"),
    ("codesign recipe training.ema", "one of them"),
    ("codesign recipe model.groups", "one that several networks have"),
)


def run(
    key: Annotated[
        str | None, typer.Argument(help="A key, as `--set` takes it: training.ema. Default: list all keys.")
    ] = None,
    json: Json = False,
) -> None:
    """Explain a key of a recipe: its type, range, default, meaning and an example.

    `codesign new --list` names the recipes that ship.
    """
    from codesign.recipe_keys import find_key, keys

    found = keys() if key is None else find_key(key)
    if json:
        print_json(found)
    elif key is None:
        _list(found)
    else:
        for number, one in enumerate(found):
            _explain(one, apart=number > 0)


def _list(keys: tuple[Key, ...]) -> None:
    """A line a key; those of a network's own under its kind."""
    from codesign.reporting.tables import plain_table

    for network in dict.fromkeys(key.network for key in keys):
        table = plain_table(("all networks" if network is None else f"model.kind={network}", "default", "meaning"))
        for key in keys:
            if key.network == network:
                table.add_row(key.path, key.default, key.meaning)
        print_table(table)
        terminal().print()


def _explain(key: Key, *, apart: bool) -> None:
    from codesign.reporting.console import styled

    console = terminal()
    if apart:
        console.print()
    of = f", of a {key.network}" if key.network else ""
    console.print(styled((key.path, "bold"), of))
    console.print(key.meaning)
    for name, text in (("type", key.type), ("range", key.range), ("default", key.default)):
        if text:
            console.print(f"{name + ':':8} {text}")
    console.print(f"{'example:':8} --set '{key.setting}'", soft_wrap=True)
