from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from codesign.cli.console import Changed, Json, keeps, print_json, print_table, progress_bars, terminal
from codesign.cli.help import HARDWARE

if TYPE_CHECKING:
    from rich.table import Table

    from codesign.api.synth import BlockFigures

SECTION, ORDER = HARDWARE, 3
EXAMPLES = (
    ("codesign synth builds/digits", "every block, predicted and synthesized"),
    ("codesign synth builds/ulx3s --bitstream", "a bitstream for a ULX3S, by open tools alone"),
)
NAME_WIDTH = 34


def run(
    build: Annotated[Path, typer.Argument(help="A build folder.")],
    family: Annotated[
        Literal["xc7", "ecp5"] | None, typer.Option(help="Fabric to map to; default: that of the build's target.")
    ] = None,
    flat: Annotated[bool, typer.Option("--flat", help="Also synthesize the whole top at once, flattened.")] = False,
    bits: Annotated[
        bool, typer.Option("--bitstream", help="Instead, make BUILD/bitstream/ for a board with an ECP5.")
    ] = False,
    json: Json = False,
    changed: Changed = False,
) -> int:
    """Synthesize the exported SystemVerilog with Yosys and compare each block with its prediction.

    Writes synth.json. Exit status 1 if the network takes more than the target's budget.
    """
    if bits:
        return _bitstream(build, changed, json)
    from codesign.api.synth import synth
    from codesign.reporting.tables import plain_table

    with keeps("blocks already synthesized are kept"), progress_bars() as progress:
        result = synth(build, family=family, flat=flat, changed=changed, progress=progress)
    if json:
        print_json(result)
        return int(bool(result.over))
    table = plain_table(("block",), ("LUT", "FF", "BRAM36", "DSP", "mult/DSP"), gap=1)
    for figures in (*result.blocks, result.streams, result.total):
        _add(table, figures)
    console = terminal()
    print_table(table)
    if result.flat:
        console.print(f"flattened: {result.flat}")
    console.print(
        f"predicted > synthesized, for {result.family}; "
        + (f"over the budget of {result.target}: {', '.join(result.over)}" if result.over else f"fits {result.target}")
    )
    return int(bool(result.over))


def _bitstream(build: Path, changed: bool, json: bool) -> int:
    """Places and routes the design behind a serial line, and says what it takes and how fast it is."""
    from codesign.api.bitstream import bitstream

    with progress_bars() as progress:
        result = bitstream(build, changed=changed, progress=progress)
    if json:
        print_json(result)
        return 0
    console = terminal()
    for name, used in sorted(result.placed.used.items()):
        console.print(f"{name:16} {used:7,} of {result.placed.available[name]:7,}")
    console.print(
        f"{result.part} reaches {result.placed.clock_mhz:g} MHz, {result.clock_mhz:g} are used: "
        f"{result.frames_per_s:g} frames/s"
    )
    console.print(f"{Path(build) / 'bitstream' / 'design.bit'}: {result.bytes:,} bytes; docs/ulx3s.md: how to use it")
    return 0


def _add(table: Table, figures: BlockFigures) -> None:
    from codesign.reporting.tables import shorten

    pairs = zip(vars(figures.predicted).items(), vars(figures.synthesized).values(), strict=True)
    cells = [f"{before:,g} > {after:,g}" for (name, before), after in pairs if name in ("lut", "ff", "bram36", "dsp")]
    rate = figures.multiplications_per_dsp
    table.add_row(
        shorten(figures.block, NAME_WIDTH),
        *cells,
        f"{rate:.2f}" if rate else "",
        style="bold" if figures.block == "total" else None,
    )
