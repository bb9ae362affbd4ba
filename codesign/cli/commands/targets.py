from __future__ import annotations

from codesign.cli.console import terminal

ORDER = 7


def run() -> None:
    """List the boards that designs can be made for."""
    from rich.table import Table

    from codesign.targets import load_target, target_names

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("target", "board", "part"):
        table.add_column(heading)
    for heading in ("MHz", "LUT", "FF", "BRAM36", "DSP"):
        table.add_column(heading, justify="right")
    for name in target_names():
        target = load_target(name)
        held = target.resources
        figures = (target.clock_mhz, held.lut, held.ff, held.bram36, held.dsp)
        table.add_row(target.name, target.board, target.part, *(f"{figure:g}" for figure in figures))
    terminal().print(table)
