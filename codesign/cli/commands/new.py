from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import terminal

ORDER = 9


def run(
    what: Annotated[str, typer.Argument(help="What to begin: operator.")],
    name: Annotated[str, typer.Argument(help="What it is called: small letters, digits and underscores.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write. Default: NAME.")] = None,
) -> None:
    """Begin a package of your own: files that say what belongs in them, found once it is installed."""
    from codesign.scaffold import begin

    folder = out or Path(name)
    console = terminal()
    for file in begin(what, name, folder):
        console.print(f"{folder / file}", markup=False)
    console.print(f"write them in the order of {folder / 'README.md'}", markup=False)
