from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import Changed, terminal

ORDER = 5


def run(
    build_a: Annotated[Path, typer.Argument(help="A build folder.")],
    build_b: Annotated[Path, typer.Argument(help="Another one.")],
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON instead of tables.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write one page that needs no network to this file.")
    ] = None,
    changed: Changed = False,
) -> None:
    """Put two designs side by side: totals, and every block that differs."""
    from codesign.api.compare import compare
    from codesign.reporting.terminal import print_comparison

    found = compare(build_a, build_b, html=html, changed=changed)
    if json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        print_comparison(found, terminal())
    if html:
        typer.echo(f"page: {html}", err=json)
