"""Writes a build's `driver/`: the driver in C, what it knows of the design, and the certificate."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codesign.board import certificate
from codesign.design import Design
from codesign.emit.core.ports import WEIGHT_ADDRESS_BITS
from codesign.emit.driver.certificate import write_certificate
from codesign.emit.driver.description import describe
from codesign.emit.driver.processor import processor_of
from codesign.emit.driver.system import Channel, System
from codesign.emit.rtl import registers
from codesign.emit.rtl.project import RtlProject
from codesign.emit.templating import template
from codesign.files import new_folder
from codesign.graph.heads import Heads
from codesign.recipe import Recipe

TEMPLATES = Path(__file__).parent / "templates"
SOURCES = ("accelerator.h", "accelerator.c")
DESIGN = "design.h"
CERTIFICATE_FILES = (certificate.BINARY, certificate.RECORD)

CACHE_LINE = 64
"""Buffers begin at multiples of so many bytes, so that none shares a line of a cache with another."""


def emit_driver(
    design: Design, project: RtlProject, out_dir: Path, *, recipe: Recipe | None, versions: Mapping[str, str]
) -> None:
    """Writes the driver in C and the certificate of a design to `out_dir`, whatever the target.

    recipe: of the run that was exported, which says what the outputs mean. versions: as for `write_certificate`.
    """
    system = System(project, processor_of(design.target))
    facts = describe(system, design, recipe, None)
    with new_folder(out_dir) as folder:
        for name in SOURCES:
            shutil.copyfile(TEMPLATES / name, folder / name)
        (folder / DESIGN).write_text(template(TEMPLATES, f"{DESIGN}.j2").render(header(facts, system, design)))
        write_certificate(design, project, facts["inputs"], versions, folder)


def header(facts: dict[str, Any], system: System, design: Design) -> dict[str, Any]:
    """What `design.h` is printed from. facts: of `design.json`."""
    project = system.project
    sent = [_stream(fields, channel) for fields, channel in zip(facts["inputs"], system.inputs, strict=True)]
    if design.heads:
        received = [_line(facts["records"]["bytes"])]
        outputs = [_map(head, design.heads, facts["records"]["scale"][head]) for head in design.heads.names]
    else:
        outputs = [_stream(fields, channel) for fields, channel in zip(facts["outputs"], system.outputs, strict=True)]
        received = [_line(stream["frame_bytes"]) for stream in outputs]
    buffers = 2 * (sum(_line(stream["frame_bytes"]) for stream in sent) + sum(received))
    weights = _line(project.weight_bytes)
    return {
        "facts": facts,
        "digest": [project.digest[8 * part : 8 * part + 8] for part in range(4)],
        "clock_hz": round(facts["clock_mhz"] * 1e6),
        "registers": registers.REGISTERS,
        "inputs": sent,
        "outputs": outputs,
        "sparse": design.heads,
        "record_bytes": facts["records"]["bytes"] if design.heads else 0,
        "dmas": system.dmas,
        "weight_bytes": project.weight_bytes,
        "buffer_bytes": buffers + weights,
        "line": CACHE_LINE,
        "address_bits": WEIGHT_ADDRESS_BITS,
        "values": [math.prod(stream["shape"]) for stream in outputs],
        "certificate": certificate,
    }


def _line(size: int) -> int:
    return -(-size // CACHE_LINE) * CACHE_LINE


def _stream(fields: dict[str, Any], channel: Channel) -> dict[str, Any]:
    return {**fields, "frame_bytes": channel.frame_bytes, "dma_index": channel.dma}


def _map(head: str, heads: Heads, scale: list[float]) -> dict[str, Any]:
    """A map that is made of records: in memory it has no bytes of its own."""
    shape = heads.shape if head == "heat" else (2, *heads.shape[1:])
    facts = {"signed": True, "base": 0, "step": 1, "lanes": 1, "lane_bytes": 4, "range": (-(1 << 15), (1 << 15) - 1)}
    return {**facts, "name": head, "shape": shape, "scale": scale, "frame_bytes": 0, "dma_index": 0}
