"""How many look-up tables lie one behind the other in a netlist."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any


def lut_levels(netlist: Path, top: str) -> int:
    """Most look-up tables on a path through the flat combinational module `top` of a netlist by `write_json`.

    Carry chains and wide multiplexers are passed at no level: their tables count. Every output of a cell is taken to
    depend on all its inputs. Raises graphlib.CycleError if that makes a loop.
    """
    cells = json.loads(netlist.read_text())["modules"][top]["cells"]
    driver = {bit: name for name, cell in cells.items() for bit in _bits(cell, "output")}
    before = {name: {driver[bit] for bit in _bits(cell, "input") if bit in driver} for name, cell in cells.items()}
    level: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        is_table = cells[name]["type"].startswith(("LUT", "INV"))
        level[name] = max((level[source] for source in before[name]), default=0) + is_table
    return max(level.values(), default=0)


def _bits(cell: dict[str, Any], direction: str) -> list[int]:
    """Net numbers at the cell's ports of a direction; constants are strings and left out."""
    ports = (port for port, kind in cell["port_directions"].items() if kind == direction)
    return [bit for port in ports for bit in cell["connections"][port] if isinstance(bit, int)]
