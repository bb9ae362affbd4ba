"""From a design and the pins of a board with an ECP5 to a bitstream, with Yosys, nextpnr and ecppack."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from codesign.errors import TargetError, ToolError
from codesign.synthesis import yosys
from codesign.synthesis.module import read, statistics
from codesign.synthesis.place import Placement, placement, require, route, tool
from codesign.synthesis.utilization import count

PLL = "pll.v"


def bitstream(
    sources: Sequence[Path],
    top: str,
    folder: Path,
    pins: Path,
    part: str,
    out: Path,
    *,
    clock_in_mhz: float,
    clock_mhz: float,
    seed: int = 1,
) -> Placement:
    """Writes the bitstream `out` of `top` of `sources`, which has an instance of the module `pll`, made here.

    folder: where the names of memory files are looked up. pins: an LPF file with all pins and the oscillator's clock.
    Raises TargetError for a part that is no ECP5, ToolError if a tool is missing, the design does not fit, or misses
    its clock: then no bitstream is written.
    """
    require()
    device = _device(part)
    with tempfile.TemporaryDirectory(prefix="codesign_bitstream_") as scratch:
        work = Path(scratch)
        clocks = ["--clkin", f"{clock_in_mhz:g}", "--clkout0", f"{clock_mhz:g}"]
        names = ["--module", "pll", "--clkin_name", "clkin", "--clkout0_name", "clkout0"]
        tool("ecppll", [*clocks, *names, "--file", PLL], work)
        commands = [
            read([*sources, work / PLL, yosys.share() / "ecp5" / "cells_bb.v"], top, {}),
            f"synth_ecp5 -top {top}",
            ("write_json", str(work / "netlist.json")),
            statistics(work / "stat.json"),
        ]
        yosys.run(commands, folder)
        shutil.copyfile(pins, work / "pins.lpf")
        placed = placement(
            route(work, [*device, "--lpf", "pins.lpf", "--seed", str(seed)]),
            count(yosys.cells(work / "stat.json"), "ecp5"),
        )
        if placed.clock_mhz < clock_mhz:
            raise ToolError(
                f"placed and routed, the design reaches {placed.clock_mhz:g} MHz of {clock_mhz:g}",
                remedy=f"export it with `--clock {int(placed.clock_mhz * 0.95)}`",
            )
        tool("ecppack", ["--compress", "--input", "design.config", "--bit", "design.bit"], work)
        shutil.copyfile(work / PLL, out.parent / PLL)
        shutil.copyfile(work / "design.bit", out)
    return placed


def _device(part: str) -> list[str]:
    """nextpnr's options for a part such as LFE5U-85F-6BG381C."""
    found = re.fullmatch(r"LFE5U-(25|45|85)F-([678])BG(\d+)[CI]", part)
    if found is None:
        raise TargetError(f"open tools make no bitstream for {part}", remedy="take a target with an LFE5U")
    return [f"--{found[1]}k", "--speed", found[2], "--package", f"CABGA{found[3]}"]
