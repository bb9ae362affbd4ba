"""Writes a scheduled graph as SystemVerilog: `top.sv`, the library modules it needs, its memory files and weights."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codesign import files
from codesign.design import Design
from codesign.emit.rtl import library, wiring
from codesign.emit.rtl.base import Block, Port, WeightStream, template
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.weight_image import WeightImage, reader_depth, reader_parameters, weight_image
from codesign.emit.rtl.wiring import Unit, Wiring
from codesign.graph.heads import BITS, Heads
from codesign.graph.names import identifier
from codesign.graph.store import digest
from codesign.plugins import load
from codesign.resources import rtl_dir

RECORDS, FIELDS = "peaks", 8
"""The output of a design that sends peaks only, and how many fields a record has."""


@dataclass(frozen=True, eq=False)
class _Blocks:
    """All blocks of a design, and by node the weights that are streamed, in the order of the reader's ports."""

    units: tuple[Unit, ...]
    streamed: Mapping[str, WeightStream]


def emit_rtl(design: Design, out_dir: Path) -> RtlProject:
    """Writes the RTL of a design to `out_dir`, beside it first and then renamed."""
    graph, schedule = design.graph, design.schedule
    blocks = _blocks(design)
    ports = _tensor_ports(design, blocks.units)
    inputs, outputs, tensors = _streams(design, ports)
    image = weight_image(blocks.streamed)
    facts = (graph.name, digest(graph), schedule.interval_cycles)
    slowest = max(cost.latency_cycles for cost in schedule.blocks.values())
    streams = (inputs, outputs, tensors)
    sparse = design.heads is not None
    project = RtlProject(out_dir, *facts, *streams, weights=image.regions, sparse=sparse, slowest_cycles=slowest)
    sections = _sections(Wiring(design, ports), blocks, project, image)
    text = template("top.sv.j2").render(
        name=graph.name,
        schedule=schedule,
        inputs=inputs,
        outputs=outputs,
        sections=sections,
        readers=len(image.regions),
    )
    with files.new_folder(out_dir) as folder:
        generated = folder / "generated"
        _write_sources(blocks, generated)
        modules = {unit.module for section in sections for unit in section.instances}
        used = library.sources(modules, rtl_dir(), generated)
        (folder / "library").mkdir()
        for path in used:
            if path.parent != generated:
                shutil.copy(path, folder / "library" / path.name)
        _write_memories(blocks, image, folder)
        (folder / "top.sv").write_text(text)
        lines = [f"{'generated' if path.parent == generated else 'library'}/{path.name}" for path in used]
        (folder / "files.f").write_text("\n".join([*lines, "top.sv", ""]))
        (folder / "project.json").write_text(project.describe())
    return project


def _blocks(design: Design) -> _Blocks:
    units: list[Unit] = []
    streamed: dict[str, WeightStream] = {}
    for built in design.blocks:
        op = built.node.op
        emit = load("codesign.emit.rtl.ops", op.kind)
        block: Block = emit.block(built.instance, op, built.input_types, built.output_types, built.folding)
        port = len(streamed) if block.weights else None
        if block.weights:
            streamed[built.name] = block.weights
        units.append(Unit(built, block, port))
    return _Blocks(tuple(units), streamed)


def _tensor_ports(design: Design, units: Sequence[Unit]) -> dict[str, Port]:
    """The port that produces each tensor which is a stream, in the order of the graph that is not fused."""
    ports = {name: Port.of(kind, design.schedule.lanes[name]) for name, kind in design.graph.inputs.items()}
    for unit in units:
        ports.update(zip(unit.built.outputs, unit.block.outputs, strict=True))
    return {name: ports[name] for name in design.graph.types if name in ports}


def _streams(
    design: Design, ports: Mapping[str, Port]
) -> tuple[tuple[Stream, ...], tuple[Stream, ...], tuple[Stream, ...]]:
    """Streams of the top's inputs, its outputs, and all tensors, numbered in this order."""
    graph = design.graph

    def stream(number: int, tensor: str, wire: str, bits: int) -> Stream:
        port = ports[tensor]
        kind = graph.types[tensor]
        return Stream(number, tensor, wire, port.lanes, bits, port.signed, kind.shape, port.base, port.step)

    def padded(tensor: str) -> int:
        return -(-ports[tensor].bits // 8) * 8

    inputs = tuple(stream(i, name, f"s_axis_{identifier(name)}", padded(name)) for i, name in enumerate(graph.inputs))
    count = len(inputs)
    outputs = (
        (_records(count, design.heads),)
        if design.heads
        else tuple(
            stream(count + i, name, f"m_axis_{identifier(name)}", padded(name)) for i, name in enumerate(graph.outputs)
        )
    )
    count += len(outputs)
    tensors = tuple(
        stream(count + i, name, identifier(name), port.bits) for i, (name, port) in enumerate(ports.items())
    )
    return inputs, outputs, tensors


def _records(number: int, heads: Heads) -> Stream:
    """A record a beat; at the most as many as there are places, and the end."""
    return Stream(number, RECORDS, f"m_axis_{RECORDS}", FIELDS, BITS, True, (FIELDS, heads.most_peaks + 1, 1))


def _sections(wires: Wiring, blocks: _Blocks, project: RtlProject, image: WeightImage) -> list[wiring.Section]:
    sections = [wiring.registers(len(project.inputs), len(project.outputs), project.digest)]
    sections += [wires.input(stream) for stream in project.inputs]
    sections += [wires.unit(unit) for unit in blocks.units]
    if wires.design.heads:
        sections.append(wires.records(project.outputs[0], wires.design.heads))
    else:
        sections += [wires.output(stream) for stream in project.outputs]
    if blocks.streamed:
        ports = len(blocks.streamed)
        sections.append(wiring.reader(reader_parameters(image, reader_depth(ports)), ports))
    return sections


def _write_sources(blocks: _Blocks, folder: Path) -> None:
    """Modules made for this network; there is no folder where there are none."""
    sources = [source for unit in blocks.units for source in unit.block.sources]
    if sources:
        folder.mkdir()
    for source in sources:
        source.write(folder)


def _write_memories(blocks: _Blocks, image: WeightImage, folder: Path) -> None:
    (folder / "mem").mkdir()
    for unit in blocks.units:
        for memory in unit.block.memories:
            memory.write(folder / "mem")
    if image.regions:
        image.write(folder / "weights.bin")
