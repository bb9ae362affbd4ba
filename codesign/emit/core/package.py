"""Writes what makes a design's `rtl/` an IP core: a wrapper with named interfaces, `component.xml`, constraints."""

from __future__ import annotations

from pathlib import Path

from codesign.design import Design
from codesign.emit.core.ipxact import File, component
from codesign.emit.core.ports import CLOCK, RESET, interfaces
from codesign.emit.rtl.project import RtlProject
from codesign.emit.templating import template

TEMPLATES = Path(__file__).parent / "templates"

ACCELERATOR = "accelerator"
"""Name of the core, and of the wrapper that is its top module."""

WRAPPER, CONSTRAINTS = f"{ACCELERATOR}.v", f"{ACCELERATOR}_ooc.xdc"
GUI, COMPONENT, MEMORIES = f"xgui/{ACCELERATOR}_v1_0.tcl", "component.xml", "mem"

_OUT_OF_CONTEXT = ("USED_IN_implementation", "USED_IN_out_of_context", "USED_IN_synthesis")
"""Vivado reads such constraints only where the core is the whole design."""


def emit_core(design: Design, project: RtlProject) -> None:
    """Writes the core's files into the folder of `project`, the design's RTL, which can then be moved as a whole."""
    folder = project.folder
    buses = interfaces(project)
    ports = [port for bus in buses for port in bus.ports]
    facts = {
        "project": project,
        "accelerator": ACCELERATOR,
        "interfaces": buses,
        "inner": [port for port in ports if port.inner],
        "added": [port for port in ports if not port.inner],
        "clock": CLOCK,
        "reset": RESET,
        "clock_mhz": design.schedule.clock_mhz,
    }
    (folder / GUI).parent.mkdir()
    for name in (WRAPPER, CONSTRAINTS, GUI):
        (folder / name).write_text(template(TEMPLATES, f"{Path(name).name}.j2").render(facts))
    gui = File(GUI, "tclSource", ("XGUI_VERSION_2",))
    text = component(project, ACCELERATOR, buses, _files(project), gui, MEMORIES)
    (folder / COMPONENT).write_text(text, encoding="utf-8")


def _files(project: RtlProject) -> list[File]:
    """Memory files first, then the sources from the innermost to the wrapper, then constraints."""
    folder = project.folder
    memories = sorted(path.relative_to(folder).as_posix() for path in (folder / MEMORIES).iterdir())
    sources = [path.relative_to(folder).as_posix() for path in project.sources]
    return [
        *(File(name, "mem") for name in memories),
        *(File(name, "systemVerilogSource" if name.endswith(".sv") else "verilogSource") for name in sources),
        File(WRAPPER, "verilogSource"),
        File(CONSTRAINTS, "xdc", _OUT_OF_CONTEXT),
    ]
