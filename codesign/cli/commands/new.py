from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import progress_bars, terminal
from codesign.cli.numbers import FPS, number

ORDER = 9


def run(
    what: Annotated[str, typer.Argument(help="What to begin: detector, classifier or operator.")],
    name: Annotated[
        str,
        typer.Argument(
            metavar="DATA|NAME",
            help="Of a detector or classifier, the folder of your pictures. Of an operator, what it is called: small "
            "letters, digits and underscores.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Recipe, or folder of the operator, to write. Default: called like DATA or NAME."),
    ] = None,
    target: Annotated[
        str, typer.Option(help="Board that the network must fit, of `codesign targets`, or a target file.")
    ] = "pynq-z2",
    fps: Annotated[
        float | None, typer.Option(parser=number(*FPS), help="Frame rate that the network must reach there.")
    ] = None,
) -> None:
    """Begin a recipe for your own pictures, or a package for an operator of your own.

    Looks through the pictures, says what they are and what is odd, and writes a commented recipe for them and the
    board, with a page of samples beside it. An operator is a package of files that say what belongs in them.

    Pictures with boxes: codesign new detector cells --target pynq-z2 --fps 60
    """
    from codesign.api.begin import TASKS, begin

    if what not in TASKS:
        _operator(what, name, out)
        return
    console = terminal()
    with progress_bars() as progress:
        begun = begin(what, name, out, target=target, fps=fps, progress=progress)
    for line in (*begun.report, f"network: {begun.chosen}"):
        console.print(line, soft_wrap=True)
    console.print(f"samples: {begun.page}")
    console.print(f"recipe: {begun.recipe}; go on with `codesign train {begun.recipe}`", soft_wrap=True)


def _operator(what: str, name: str, out: Path | None) -> None:
    from codesign.scaffold import begin

    folder = out or Path(name)
    console = terminal()
    for file in begin(what, name, folder):
        console.print(f"{folder / file}", markup=False)
    console.print(f"write them in the order of {folder / 'README.md'}", markup=False)
