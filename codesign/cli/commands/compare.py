from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import OUTPUT, Changed, Json, print_json, progress_bars, terminal
from codesign.cli.help import LOOK

SECTION, ORDER = LOOK, 1
EXAMPLES = (("codesign compare builds/digits builds/other", "totals, and the blocks that differ"),)


def run(
    build_a: Annotated[Path, typer.Argument(help="A build folder.")],
    build_b: Annotated[Path, typer.Argument(help="Another one.")],
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write one page that needs no network to this file.", rich_help_panel=OUTPUT),
    ] = None,
    json: Json = False,
    changed: Changed = False,
) -> None:
    """Put two designs side by side: totals, and every block that differs."""
    from codesign.api.compare import compare
    from codesign.reporting.terminal import print_comparison

    with progress_bars() as progress:
        progress("two builds", 0, 1)
        found = compare(build_a, build_b, html=html, changed=changed)
    if json:
        print_json(found)
    else:
        print_comparison(found, terminal())
    if html:
        typer.echo(f"page: {html}", err=json)
