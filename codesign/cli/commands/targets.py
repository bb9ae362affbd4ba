from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.completion import board_names
from codesign.cli.console import Json, print_json, print_table, terminal
from codesign.cli.help import REFERENCE

if TYPE_CHECKING:
    from rich.console import Console

    from codesign.targets import Target

SECTION, ORDER = REFERENCE, 0
EXAMPLES = (
    ("codesign targets", "all boards"),
    ("codesign targets pynq-z2", "every figure of one, and where it comes from"),
)


def run(
    target: Annotated[
        str | None,
        typer.Argument(autocompletion=board_names, help="Show every figure of this board, or of a target file."),
    ] = None,
    json: Json = False,
) -> None:
    """List the boards that designs can be made for; `--target` takes a file of your own as well."""
    from codesign.reporting.tables import plain_table
    from codesign.targets import load_target, target_names

    if target is not None:
        one = load_target(target)
        print_json(one) if json else _show(one, terminal())
        return
    boards = [load_target(name) for name in target_names()]
    if json:
        print_json(boards)
        return
    table = plain_table(("target", "board", "part"), ("MHz", "LUT", "FF", "BRAM36", "DSP"))
    for board in boards:
        held = board.resources
        figures = (board.clock_mhz, held.lut, held.ff, held.bram36, held.dsp)
        table.add_row(board.name, board.board, board.part, *(f"{figure:g}" for figure in figures))
    print_table(table)


def _show(board: Target, console: Console) -> None:
    """Every figure of one board and where it comes from."""
    from codesign.reporting.console import styled

    held, memory = board.resources, board.memory
    console.print(styled((board.name, "bold"), f": {board.board}, {board.part} at {board.clock_mhz:g} MHz"))
    console.print(f"{held.lut:,} LUT, {held.ff:,} FF, {held.bram36:g} BRAM36, {held.dsp:,} DSP")
    console.print(f"memory {memory.peak_mb_s:g} MB/s, a port of {memory.port_bits} bits: {memory.source}")
    if board.overlay:
        files = f": {board.overlay.source}" if board.overlay.source else ""
        console.print(f"board package, Vivado's files {board.overlay.board_part}{files}")
    else:
        console.print("no board package")
    if board.power:
        low, high = board.power.processor_w.low, board.power.processor_w.high
        console.print(
            f"waiting {board.power.board_w:g} W, feeding frames adds {low:g} to {high:g} W: {board.power.source}"
        )
    for name, figure in board.energy or ():
        console.print(f"{name} {figure.low:g} to {figure.high:g}: {figure.source}")
    for source in board.sources:
        console.print(f"source: {source}")
