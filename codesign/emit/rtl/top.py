"""Writes a scheduled graph as SystemVerilog: `top.sv`, the library modules it needs, its memory files and weights."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codesign import files
from codesign.emit.rtl import library, wiring
from codesign.emit.rtl.base import Block, Port, WeightStream, template
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.weight_image import WeightImage, reader_depth, reader_parameters, weight_image
from codesign.emit.rtl.wiring import Unit, Wiring
from codesign.graph import Graph, Node
from codesign.graph.heads import BITS, Heads, heads_of
from codesign.graph.names import identifier
from codesign.graph.store import digest
from codesign.plugins import load
from codesign.resources import rtl_dir
from codesign.schedule import Schedule

RECORDS, FIELDS = "peaks", 8
"""The output of a design that sends peaks only, and how many fields a record has."""


@dataclass(frozen=True, eq=False)
class _Blocks:
    """All blocks of a design, and by node the weights that are streamed, in the order of the reader's ports."""

    units: tuple[Unit, ...]
    streamed: Mapping[str, WeightStream]


def emit_rtl(graph: Graph, schedule: Schedule, out_dir: Path, *, sparse: bool = False) -> RtlProject:
    """Writes the RTL of `graph` under `schedule` to `out_dir`, beside it first and then renamed.

    sparse: a detector's outputs leave as records of peaks, which the schedule must have been made for. Raises
    GraphError if they cannot.
    """
    built = schedule.built(graph)
    blocks = _blocks(built, schedule)
    ports = _tensor_ports(graph, schedule, blocks.units)
    inputs, outputs, tensors = _streams(graph, ports, sparse)
    image = weight_image(blocks.streamed)
    facts = (graph.name, digest(graph), schedule.interval_cycles)
    slowest = max(cost.latency_cycles for cost in schedule.blocks.values())
    streams = (inputs, outputs, tensors)
    project = RtlProject(out_dir, *facts, *streams, weights=image.regions, sparse=sparse, slowest_cycles=slowest)
    sections = _sections(Wiring(built, schedule, ports), blocks, project, image)
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


def _blocks(graph: Graph, schedule: Schedule) -> _Blocks:
    units: list[Unit] = []
    streamed: dict[str, WeightStream] = {}
    for node in graph.nodes:
        block, port = _block(graph, node, schedule), None
        if block.weights:
            port = len(streamed)
            streamed[node.name] = block.weights
        title = _title(graph, node, schedule)
        units.append(Unit(node.name, title, block, node.inputs, graph.output_names(node), port))
    return _Blocks(tuple(units), streamed)


def _block(graph: Graph, node: Node, schedule: Schedule) -> Block:
    emit = load("codesign.emit.rtl.ops", node.op.kind)
    block: Block = emit.block(
        identifier(node.name), node.op, graph.input_types(node), graph.output_types(node), schedule.foldings[node.name]
    )
    return block


def _title(graph: Graph, node: Node, schedule: Schedule) -> str:
    inputs = ", ".join(str(kind) for kind in graph.input_types(node))
    results = ", ".join(str(kind) for kind in graph.output_types(node))
    folding = schedule.foldings[node.name]
    tile = f", tile {folding.tile}" if folding.tile else ""
    return f"{node.name}: {node.op.kind} {inputs} -> {results}, pe {folding.pe}, simd {folding.simd}{tile}"


def _tensor_ports(graph: Graph, schedule: Schedule, units: Sequence[Unit]) -> dict[str, Port]:
    """The port that produces each tensor which is a stream, in the order of the graph that is not fused."""
    ports = {name: Port.of(kind, schedule.lanes[name]) for name, kind in graph.inputs.items()}
    for unit in units:
        ports.update(zip(unit.outputs, unit.block.outputs, strict=True))
    return {name: ports[name] for name in graph.types if name in ports}


def _streams(
    graph: Graph, ports: Mapping[str, Port], sparse: bool
) -> tuple[tuple[Stream, ...], tuple[Stream, ...], tuple[Stream, ...]]:
    """Streams of the top's inputs, its outputs, and all tensors, numbered in this order."""

    def stream(number: int, tensor: str, wire: str, bits: int) -> Stream:
        port = ports[tensor]
        kind = graph.types[tensor]
        return Stream(number, tensor, wire, port.lanes, bits, port.signed, kind.shape, port.base, port.step)

    def padded(tensor: str) -> int:
        return -(-ports[tensor].bits // 8) * 8

    inputs = tuple(stream(i, name, f"s_axis_{identifier(name)}", padded(name)) for i, name in enumerate(graph.inputs))
    count = len(inputs)
    outputs = (
        (_records(count, heads_of(graph)),)
        if sparse
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
    if project.sparse:
        sections.append(wires.records(project.outputs[0], heads_of(wires.graph)))
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
