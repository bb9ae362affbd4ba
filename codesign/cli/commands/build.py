from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import Changed, keeps, progress_bars, terminal

ORDER = 6


def run(
    build: Annotated[Path, typer.Argument(help="A build folder for a board with an overlay.")], changed: Changed = False
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
    console = terminal()
    print_vendor(summary_of(folder), console)
    if figures.vivado is None:
        return 0
    if not figures.vivado.met:
        late = ("misses its clock", "bold red")
        console.print(styled(late, ": no bitstream to deploy; export again with a lower --clock"))
        return 1
    console.print(f"copy {folder.board / 'deploy'} to the board")
    return 0
