from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import HARDWARE

SECTION, ORDER = HARDWARE, 4
EXAMPLES = (("codesign build builds/digits", "Vivado and Vitis HLS, whichever is installed"),)


def run(
    build: Annotated[Path, typer.Argument(help="A build folder for a board with an overlay.")],
    json: Json = False,
    changed: Changed = False,
) -> int:
    """Run Vivado and Vitis HLS, whichever is on PATH, on a build, and read their reports back.

    Writes board/deploy/design.bit, vendor.json and report.json. Exit status 1 if the design misses its clock.
    """
    from codesign.api.build import build as build_design
    from codesign.api.report import summary_of
    from codesign.build_folder import open_build
    from codesign.reporting.console import styled
    from codesign.reporting.terminal import print_vendor

    folder = open_build(build, changed=changed)
    with keeps(f"what the tools have finished in {folder.board} is kept"), progress_bars() as progress:
        figures = build_design(folder, progress=progress)
    late = figures.vivado is not None and not figures.vivado.met
    if json:
        print_json(figures)
        return int(late)
    console = terminal()
    print_vendor(summary_of(folder), console)
    if late:
        misses = ("misses its clock", "bold red")
        console.print(styled(misses, ": no bitstream to deploy; export again with a lower --clock"))
    elif figures.vivado is not None:
        console.print(f"copy {folder.board / 'deploy'} to the board", soft_wrap=True)
    return int(late)
