from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.completion import board_names
from codesign.cli.console import OUTPUT, Json, print_json, print_table, progress_bars, terminal
from codesign.cli.help import START
from codesign.cli.numbers import FPS, number

SECTION, ORDER = START, 1
EXAMPLES = (
    ("codesign new --list", "the recipes that ship"),
    ("codesign new detector photos --target pynq-z2 --fps 60", "a recipe for your pictures with boxes, in photos.yaml"),
    ("codesign new operator mean_of_four", "a package of an operator of your own, in mean_of_four/"),
)


def run(
    what: Annotated[str | None, typer.Argument(help="What to begin: detector, classifier or operator.")] = None,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA|NAME",
            help="Of a detector or classifier, the folder of your pictures. Of an operator, what it is called: small "
            "letters, digits and underscores.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Recipe, or folder of the operator, to write. Default: called like DATA or NAME.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            autocompletion=board_names, help="Board that the network must fit, of `codesign targets`, or a target file."
        ),
    ] = "pynq-z2",
    fps: Annotated[
        float | None, typer.Option(parser=number(*FPS), help="Frame rate that the network must reach there.")
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--list", help="Instead, list the recipes that ship; every command takes their names.")
    ] = False,
    json: Json = False,
) -> None:
    """Begin a recipe for your own pictures, or a package for an operator of your own; or list what ships.

    Looks through the pictures, says what they are and what is odd, and writes a commented recipe for them and the
    board, with a page of samples beside it. An operator is begun as a package: files that say what belongs in them,
    found once it is installed.
    """
    from codesign.api.begin import TASKS

    if shipped:
        _list(json)
    elif what is None or name is None:
        raise typer.BadParameter(
            "say what to begin and of what, such as `detector photos` or `operator mean_of_four`; or give --list"
        )
    elif what in TASKS:
        _recipe(what, name, out, target, fps, json)
    else:
        _operator(what, name, out, json)


def _recipe(what: str, data: str, out: Path | None, target: str, fps: float | None, json: bool) -> None:
    from codesign.api.begin import begin

    with progress_bars() as progress:
        begun = begin(what, data, out, target=target, fps=fps, progress=progress)
    if json:
        print_json(begun)
        return
    console = terminal()
    for line in (*begun.report, f"network: {begun.chosen}"):
        console.print(line, soft_wrap=True)
    console.print(f"samples: {begun.page}", soft_wrap=True)
    console.print(f"recipe: {begun.recipe}; go on with `codesign train {begun.recipe}`", soft_wrap=True)


def _operator(what: str, name: str, out: Path | None, json: bool) -> None:
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
        size = "x".join(map(str, one.image_size))
        table.add_row(one.name, one.task, one.network, one.data, run, size, str(one.classes))
    print_table(table)
    terminal().print(
        "\ncodesign summary RECIPE counts one, train RECIPE trains it, recipe KEY explains its keys; "
        "export RECIPE takes those whose run ships"
    )
