"""Writes what stands between a design's streams and the pins of a board, and what a computer must know to use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codesign.board import uart
from codesign.design import Design
from codesign.emit.driver import BoardTail
from codesign.emit.driver.description import decoding, stream_fields
from codesign.emit.rtl import library, registers
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.simulate import HARNESS
from codesign.emit.templating import template
from codesign.errors import TargetError
from codesign.recipe import Recipe
from codesign.resources import rtl_dir

TEMPLATES = Path(__file__).parent / "templates"
LINE, BOARD, PINS, DESIGN = "serial_line.sv", "board.v", "board.lpf", "design.json"
_MODULES = ("credit_counter", "packet_merge", "register_writer", "stream_fifo", "stream_register", "stream_width")
_LINE_MODULES = (*_MODULES, "uart_receiver", "uart_transmitter")


def emit_serial(
    design: Design, project: RtlProject, folder: Path, *, recipe: Recipe | None, tail: BoardTail | None = None
) -> tuple[Path, ...]:
    """Writes the serial line (`serial_line.sv`), the board around it and its description; returns all sources.

    The clock's `pll.v` is not among them, the vendor's or open tools make it. project: the design's RTL. recipe: of the
    run that was exported, which says what the outputs mean. tail: what the network leaves to the host, if anything.
    Raises TargetError for a target without the section `serial`, and for designs that a serial line cannot feed: those
    with several inputs, or with weights from memory.
    """
    target = design.target
    if target.serial is None:
        raise TargetError(
            "no serial line is known for it", where=target.name, remedy="add the section `serial` to its file"
        )
    if project.weights:
        raise TargetError(
            "this design reads weights from external memory, which the serial line does not have",
            where=target.name,
            remedy="export a smaller network, or one with fewer bits, whose weights fit on chip",
        )
    if len(project.inputs) != 1 or len(project.outputs) > uart.MOST_OUTPUTS:
        raise TargetError(
            f"a serial line takes one input and {uart.MOST_OUTPUTS} outputs, the design has {len(project.inputs)} "
            f"and {len(project.outputs)}",
            where=target.name,
        )
    facts = {
        "project": project,
        "input": project.inputs[0],
        "outputs": project.outputs,
        "serial": target.serial,
        "bit_cycles": round(design.schedule.clock_mhz * 1e6 / target.serial.baud),
        "control": registers.offset("CONTROL"),
        "uart": uart,
    }
    for name in (LINE, BOARD, PINS):
        (folder / name).write_text(template(TEMPLATES, f"{name}.j2").render(facts))
    host = tail.write(folder, design.graph) if tail else None
    (folder / DESIGN).write_text(_describe(design, project, target.serial.baud, recipe, host))
    shared = library.sources(_LINE_MODULES, rtl_dir(), HARNESS)
    of_design = {path.name for path in project.sources}
    return (*project.sources, *(path for path in shared if path.name not in of_design), folder / LINE, folder / BOARD)


def _describe(
    design: Design, project: RtlProject, baud: int, recipe: Recipe | None, tail: dict[str, Any] | None
) -> str:
    graph = design.graph
    fields: dict[str, Any] = {
        "format": uart.FORMAT,
        "name": project.name,
        "digest": project.digest,
        "clock_mhz": design.schedule.clock_mhz,
        "serial": {"baud": baud},
        "inputs": [stream_fields(stream, graph) for stream in project.inputs],
        "outputs": [stream_fields(stream, graph) for stream in project.outputs],
        "decode": None if recipe is None else decoding(recipe, graph),
        "tail": tail,
    }
    return json.dumps(fields, indent=1) + "\n"
