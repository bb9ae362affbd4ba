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
    build: Annotated[Path, typer.Argument(help="A build folder, or that of a training run.")],
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
    """Show what a design takes: every block's folding, cycles, resources and energy against the board's budget.

    Of a training run: its history, figures class by class, and what quantization does layer by layer.
    """
    from codesign.api.report import report
    from codesign.api.report_run import is_run
    from codesign.reporting.terminal import print_report

    if is_run(build):
        _report_run(build, html, json)
        return
    with keeps(f"{build} is as it was"), progress_bars() as progress:
        result = report(build, html=html, activity=activity, changed=changed, progress=progress)
    if json:
        print_json(result.summary)
    else:
        print_report(result.summary, terminal())
    if result.page:
        typer.echo(f"page: {result.page}", err=json)


def _report_run(run: Path, html: bool, json: bool) -> None:
    from codesign.api.report_run import report_run
    from codesign.reporting.run_report import print_run

    found = report_run(run, html=html)
    if json:
        typer.echo(found.report.as_json())
    else:
        print_run(found.report, terminal())
    if found.page:
        typer.echo(f"page: {found.page}", err=json)
