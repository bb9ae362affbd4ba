"""Synthesis of one module of the RTL library."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from codesign.emit.rtl.base import literal
from codesign.synthesis import yosys
from codesign.synthesis.utilization import Family, Utilization, count


def synthesize_module(
    files: Sequence[Path], top: str, parameters: Mapping[str, int | str], family: Family = "xc7", folder: Path = Path()
) -> Utilization:
    """Synthesizes `top` with `parameters` out of SystemVerilog `files`, flattened, without pads and clock buffers.

    folder: where the names of memory files are looked up. Raises ToolError if Yosys is missing or refuses the design.
    """
    with tempfile.TemporaryDirectory(prefix="codesign_synth_") as scratch:
        stat = Path(scratch) / "stat.json"
        yosys.run([read(files, top, parameters), yosys.flow(family, top), statistics(stat)], folder)
        return count(yosys.cells(stat), family)


def read(
    files: Sequence[Path], top: str, parameters: Mapping[str, int | str], options: str = "--best-effort-hierarchy"
) -> yosys.Command:
    """The Yosys command that reads and elaborates `top`."""
    values = [word for name, value in parameters.items() for word in ("-G", f"{name}={literal(value)}")]
    return ("read_slang", "--top", top, *values, *options.split(), *(str(file.resolve()) for file in files))


def statistics(file: Path) -> yosys.Command:
    """The Yosys command that writes the numbers of cells to `file`, for `yosys.cells`."""
    return ("tee", "-q", "-o", str(file), "stat", "-json")
