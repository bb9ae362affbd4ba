from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import OUTPUT, Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import LOOK

SECTION, ORDER = LOOK, 0
EXAMPLES = (
    ("codesign report builds/digits", "a table of all blocks"),
    ("codesign report builds/digits --html", "also builds/digits/report.html, a page that needs no network"),
)


def run(
    build: Annotated[Path, typer.Argument(help="A build folder.")],
    activity: Annotated[
        bool, typer.Option("--activity", help="Energies by what changes in simulated frames, not by assumed rates.")
    ] = False,
    html: Annotated[
        bool,
        typer.Option("--html", help="Write report.html, one page that needs no network.", rich_help_panel=OUTPUT),
    ] = False,
    json: Json = False,
    changed: Changed = False,
) -> None:
    """Show what a design takes: every block's folding, cycles, resources and energy against the board's budget."""
    from codesign.api.report import report
    from codesign.reporting.terminal import print_report

    with keeps(f"{build} is as it was"), progress_bars() as progress:
        result = report(build, html=html, activity=activity, changed=changed, progress=progress)
    if json:
        print_json(result.summary)
    else:
        print_report(result.summary, terminal())
    if result.page:
        typer.echo(f"page: {result.page}", err=json)
