from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import OUTPUT, Json, print_json, print_table, terminal
from codesign.cli.help import START

SECTION, ORDER = START, 1
EXAMPLES = (
    ("codesign new --list", "the recipes that ship"),
    ("codesign new operator mean_of_four", "a package of an operator of your own, in mean_of_four/"),
)


def run(
    what: Annotated[str | None, typer.Argument(help="What to begin: operator.")] = None,
    name: Annotated[
        str | None, typer.Argument(help="What it is called: small letters, digits and underscores.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write. Default: NAME.", rich_help_panel=OUTPUT)] = None,
    shipped: Annotated[
        bool, typer.Option("--list", help="Instead, list the recipes that ship; every command takes their names.")
    ] = False,
    json: Json = False,
) -> None:
    """Begin something of your own, or list what ships.

    An operator is begun as a package: files that say what belongs in them, found once it is installed.
    """
    if shipped:
        _list(json)
        return
    if what is None or name is None:
        raise typer.BadParameter("say what to begin and its name, such as `operator mean_of_four`; or give --list")
    from codesign.scaffold import begin

    folder = out or Path(name)
    files = begin(what, name, folder)
    if json:
        print_json({"folder": folder, "files": files})
        return
    console = terminal()
    for file in files:
        console.print(f"{folder / file}", soft_wrap=True)
    console.print(f"write them in the order of {folder / 'README.md'}", soft_wrap=True)


def _list(json: bool) -> None:
    from codesign.api.recipes import recipes
    from codesign.reporting.tables import plain_table

    found = recipes()
    if json:
        print_json(found)
        return
    table = plain_table(("recipe", "task", "network", "data", "run"), ("pixels", "classes"), gap=1)
    for one in found:
        run = "ships" if one.trained else ""
        size = f"{one.image_size}x{one.image_size}"
        table.add_row(one.name, one.task, one.network, one.data, run, size, str(one.classes))
    print_table(table)
    terminal().print(
        "\ncodesign summary RECIPE counts one, train RECIPE trains it, recipe KEY explains its keys; "
        "export RECIPE takes those whose run ships"
    )
