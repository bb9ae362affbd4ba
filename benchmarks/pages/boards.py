"""Fills the table of boards in docs/boards.md from their target files:

python -m benchmarks.pages.boards
"""

from benchmarks.pages.passages import DOCS, fill_named, table
from codesign.emit.driver.processor import ZYNQ_7000, processor_of
from codesign.targets import Target, load_target, target_names

PAGE = DOCS / "boards.md"
PASSAGE = "boards"
NOTHING = "-"

RTL = "RTL, core and driver in C, as for every target"
SCRIPTS = "Vivado's script against stubs and the guides' commands"
DRIVEN = "the driver in Python and its notebook on simulated pins"
LINE = "the serial line in simulation, a bitstream by open tools"


def boards() -> str:
    """A row for each board that ships."""
    headings = (
        "target",
        "board",
        "part",
        "Vivado's board files",
        "registers, at",
        "memory",
        "checked here",
    )
    rows = [_row(target) for target in map(load_target, target_names())]
    return table(headings, rows, others="---")


def checks(target: Target) -> list[str]:
    """What this project's tests do for a board, beyond what they do for every target."""
    found = [SCRIPTS] if target.overlay else []
    found += [DRIVEN] if target.name == "pynq-z2" else []
    return found + ([LINE] if target.serial else [])


def _row(target: Target) -> tuple[str, ...]:
    processor = processor_of(target)
    kind = "Zynq-7000" if processor is ZYNQ_7000 else "Zynq UltraScale+"
    return (
        f"`{target.name}`",
        target.board,
        f"{target.part}",
        f"`{target.overlay.board_part}`" if target.overlay else NOTHING,
        f"{kind}, 0x{processor.address:08X}" if processor else NOTHING,
        f"{target.memory.peak_mb_s:,.0f} MB/s",
        "; ".join(checks(target)) or RTL,
    )


if __name__ == "__main__":
    fill_named(PAGE, PASSAGE, boards())
