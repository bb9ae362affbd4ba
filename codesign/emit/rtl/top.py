"""Writes a scheduled graph as SystemVerilog: `top.sv`, the library modules it needs, and its memory files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import jinja2

from codesign import files
from codesign.cost.base import beats
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Block, Port, identifier
from codesign.errors import GraphError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.plugins import load
from codesign.resources import rtl_dir
from codesign.schedule import Edge, Schedule, edges

FORMAT = 1
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Stream:
    """A stream of the design as a simulation sees it: one for every tensor, and one for every port of the top.

    id: its number. wire: its signals' common name. bits: of one lane. shape: (C, H, W) of a frame.
    """

    id: int
    tensor: str
    wire: str
    lanes: int
    bits: int
    signed: bool
    shape: tuple[int, int, int]

    @property
    def width(self) -> int:
        return self.lanes * self.bits

    @property
    def kind(self) -> str:
        return f"{'int' if self.signed else 'uint'}{self.bits}[{'x'.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class RtlProject:
    """A folder with `top.sv`, `library/`, `mem/`, the file list `files.f`, and `project.json`, which describes it."""

    folder: Path
    name: str
    interval_cycles: int
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    tensors: tuple[Stream, ...]

    @property
    def sources(self) -> tuple[Path, ...]:
        """SystemVerilog files, the library first."""
        return tuple(self.folder / line for line in (self.folder / "files.f").read_text().split())

    @classmethod
    def load(cls, folder: Path) -> RtlProject:
        """Reads a project that `emit_rtl` has written. Raises GraphError if there is none."""
        path = folder / "project.json"
        try:
            fields = json.loads(path.read_text())
            streams = {
                key: tuple(Stream(**{**s, "shape": tuple(s["shape"])}) for s in fields[key])
                for key in ("inputs", "outputs", "tensors")
            }
            return cls(folder, fields["name"], fields["interval_cycles"], **streams)
        except FileNotFoundError:
            raise GraphError(
                "there is no RTL project", where=str(folder), remedy="run `codesign export` first"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GraphError(f"not a readable RTL project ({error})", where=str(path), remedy="export again") from None


@dataclass(frozen=True)
class _Wire:
    name: str
    width: int


@dataclass
class _Instance:
    module: str
    name: str
    parameters: Mapping[str, int | str]
    ports: list[str]


@dataclass
class _Section:
    title: str
    wires: list[_Wire] = field(default_factory=list)
    instances: list[_Instance] = field(default_factory=list)
    assigns: list[str] = field(default_factory=list)


def emit_rtl(graph: Graph, schedule: Schedule, out_dir: Path) -> RtlProject:
    """Writes the RTL of `graph` under `schedule` to `out_dir`, beside it first and then renamed."""
    blocks = {node.name: _block(graph, node, schedule) for node in graph.nodes}
    ports = _tensor_ports(graph, schedule, blocks)
    inputs, outputs, tensors = _streams(graph, ports)
    sections = _sections(graph, schedule, blocks, ports, outputs)
    text = template("top.sv.j2").render(
        name=graph.name, schedule=schedule, inputs=inputs, outputs=outputs, sections=sections
    )
    used = library.sources({unit.module for section in sections for unit in section.instances}, rtl_dir())
    description = {
        "format": FORMAT,
        "name": graph.name,
        "interval_cycles": schedule.interval_cycles,
        "inputs": [asdict(s) for s in inputs],
        "outputs": [asdict(s) for s in outputs],
        "tensors": [asdict(s) for s in tensors],
    }
    with files.new_folder(out_dir) as folder:
        (folder / "library").mkdir()
        for path in used:
            shutil.copy(path, folder / "library" / path.name)
        (folder / "mem").mkdir()
        for block in blocks.values():
            for memory in block.memories:
                memory.write(folder / "mem")
        (folder / "top.sv").write_text(text)
        (folder / "files.f").write_text("".join(f"library/{path.name}\n" for path in used) + "top.sv\n")
        (folder / "project.json").write_text(json.dumps(description, indent=1) + "\n")
    return RtlProject.load(out_dir)


def template(name: str) -> jinja2.Template:
    """A template of this package; a name that it is not given is an error."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    return jinja.get_template(name)


def _block(graph: Graph, node: Node, schedule: Schedule) -> Block:
    emit = load("codesign.emit.rtl", node.op.kind)
    block: Block = emit.block(
        identifier(node.name), node.op, graph.input_types(node), graph.output_types(node), schedule.foldings[node.name]
    )
    return block


def _tensor_ports(graph: Graph, schedule: Schedule, blocks: Mapping[str, Block]) -> dict[str, Port]:
    """The port that produces each tensor."""
    ports = {name: Port(schedule.lanes[name], kind.bits, kind.signed) for name, kind in graph.inputs.items()}
    for node in graph.nodes:
        ports.update(zip(graph.output_names(node), blocks[node.name].outputs, strict=True))
    return ports


def _streams(
    graph: Graph, ports: Mapping[str, Port]
) -> tuple[tuple[Stream, ...], tuple[Stream, ...], tuple[Stream, ...]]:
    """Streams of the top's inputs, its outputs, and all tensors, numbered in this order."""

    def stream(number: int, tensor: str, wire: str, bits: int) -> Stream:
        port = ports[tensor]
        return Stream(number, tensor, wire, port.lanes, bits, port.signed, graph.types[tensor].shape)

    def padded(tensor: str) -> int:
        return -(-ports[tensor].bits // 8) * 8

    inputs = tuple(stream(i, name, f"s_axis_{identifier(name)}", padded(name)) for i, name in enumerate(graph.inputs))
    count = len(inputs)
    outputs = tuple(
        stream(count + i, name, f"m_axis_{identifier(name)}", padded(name)) for i, name in enumerate(graph.outputs)
    )
    count += len(outputs)
    tensors = tuple(stream(count + i, name, identifier(name), ports[name].bits) for i, name in enumerate(graph.types))
    return inputs, outputs, tensors


def _sections(
    graph: Graph,
    schedule: Schedule,
    blocks: Mapping[str, Block],
    ports: Mapping[str, Port],
    outputs: Iterable[Stream],
) -> list[_Section]:
    feeds = _feeds(graph)
    sections = []
    for name, kind in graph.inputs.items():
        wire = identifier(name)
        section = _Section(f"input {name}: {kind}", [_Wire(wire, ports[name].width)])
        axis = f"s_axis_{wire}"
        connections = [f".tvalid_i({axis}_tvalid)", f".tready_o({axis}_tready)", f".tdata_i({axis}_tdata)"]
        section.instances.append(
            _Instance(
                "axi_stream_input",
                f"{wire}_input",
                {"LANES": ports[name].lanes, "BITS": ports[name].bits},
                connections + _port("out0", wire, "o"),
            )
        )
        _spread(section, name, ports[name], feeds)
        sections.append(section)
    for node in graph.nodes:
        sections.append(_node_section(graph, schedule, node, blocks[node.name], ports, feeds))
    for stream in outputs:
        sections.append(_output_section(graph, stream, ports[stream.tensor], feeds))
    return sections


def _feeds(graph: Graph) -> dict[Edge, str]:
    """The wire from which each edge leaves: the tensor's own, or one behind its fork."""
    by_tensor: dict[str, list[Edge]] = {}
    for edge in edges(graph):
        by_tensor.setdefault(edge.tensor, []).append(edge)
    return {
        edge: identifier(tensor) if len(found) == 1 else f"{identifier(tensor)}_{index}"
        for tensor, found in by_tensor.items()
        for index, edge in enumerate(found)
    }


def _spread(section: _Section, tensor: str, port: Port, feeds: Mapping[Edge, str]) -> None:
    """Adds the fork of a tensor with several readers; one without any is taken and dropped."""
    wire = identifier(tensor)
    names = [name for edge, name in feeds.items() if edge.tensor == tensor]
    if not names:
        section.assigns.append(f"{wire}_ready = 1'b1")
    if len(names) < 2:
        return
    section.wires += [_Wire(name, port.width) for name in names]
    gathered = {s: f"{{{', '.join(f'{name}_{s}' for name in reversed(names))}}}" for s in ("valid", "ready", "data")}
    section.instances.append(
        _Instance(
            "stream_fork",
            f"{wire}_fork",
            {"WIDTH": port.width, "READERS": len(names)},
            [
                *_port("in0", wire, "i"),
                f".out_valid_o({gathered['valid']})",
                f".out_ready_i({gathered['ready']})",
                f".out_data_o({gathered['data']})",
            ],
        )
    )


def _node_section(
    graph: Graph,
    schedule: Schedule,
    node: Node,
    block: Block,
    ports: Mapping[str, Port],
    feeds: Mapping[Edge, str],
) -> _Section:
    inputs = ", ".join(str(kind) for kind in graph.input_types(node))
    results = ", ".join(str(kind) for kind in graph.output_types(node))
    folding = schedule.foldings[node.name]
    title = f"{node.name}: {node.op.kind} {inputs} -> {results}, pe {folding.pe}, simd {folding.simd}"
    section = _Section(title)
    connections: list[str] = []
    for index, tensor in enumerate(node.inputs):
        edge = Edge(tensor, node.name, index)
        wire = _reach_block(section, edge, feeds[edge], ports[tensor], block.inputs[index], graph, schedule)
        connections += _port(f"in{index}", wire, "i")
    for index, tensor in enumerate(graph.output_names(node)):
        section.wires.append(_Wire(identifier(tensor), block.outputs[index].width))
        connections += _port(f"out{index}", identifier(tensor), "o")
    parameters = {key: _literal(key, value) for key, value in block.parameters.items()}
    section.instances.append(_Instance(block.module, identifier(node.name), parameters, connections))
    for tensor in graph.output_names(node):
        _spread(section, tensor, ports[tensor], feeds)
    return section


def _reach_block(
    section: _Section, edge: Edge, wire: str, source: Port, sink: Port, graph: Graph, schedule: Schedule
) -> str:
    """Adds the FIFO and the width adapter of an edge; returns the wire that the block reads."""
    if (source.bits, source.signed) != (sink.bits, sink.signed):
        raise GraphError(f"{edge}: the block reads {sink}, the tensor is {source}")
    stem = f"{identifier(edge.reader)}_in{edge.port}"
    fifo = schedule.fifos.get(edge)
    if fifo:
        buffered = f"{stem}_buffered"
        section.wires.append(_Wire(buffered, source.width))
        section.instances.append(
            _Instance(
                "stream_fifo",
                f"{stem}_fifo",
                {"WIDTH": source.width, "DEPTH": fifo.depth, "BLOCK": int(fifo.block)},
                _port("in0", wire, "i") + _port("out0", buffered, "o"),
            )
        )
        wire = buffered
    if source.lanes != sink.lanes:
        parameters = {
            "BITS": source.bits,
            "CHANNELS": graph.types[edge.tensor].channels,
            "IN_LANES": source.lanes,
            "OUT_LANES": sink.lanes,
        }
        section.wires.append(_Wire(stem, sink.width))
        section.instances.append(
            _Instance("stream_width", f"{stem}_width", parameters, _port("in0", wire, "i") + _port("out0", stem, "o"))
        )
        wire = stem
    return wire


def _output_section(graph: Graph, stream: Stream, port: Port, feeds: Mapping[Edge, str]) -> _Section:
    kind: TensorType = graph.types[stream.tensor]
    edge = Edge(stream.tensor, "", graph.outputs.index(stream.tensor))
    parameters = {
        "LANES": port.lanes,
        "BITS": port.bits,
        "IS_SIGNED": int(port.signed),
        "BEATS": kind.pixels * beats(kind.channels, port.lanes),
    }
    axis = stream.wire
    connections = [
        f".tvalid_o({axis}_tvalid)",
        f".tready_i({axis}_tready)",
        f".tdata_o({axis}_tdata)",
        f".tlast_o({axis}_tlast)",
    ]
    unit = _Instance(
        "axi_stream_output",
        f"{identifier(stream.tensor)}_output",
        parameters,
        _port("in0", feeds[edge], "i") + connections,
    )
    return _Section(f"output {stream.tensor}: {kind}", instances=[unit])


def _port(port: str, wire: str, direction: str) -> list[str]:
    """Connections of a stream port; `direction` is that of its data, seen from the instance."""
    ready = "o" if direction == "i" else "i"
    return [
        f".{port}_valid_{direction}({wire}_valid)",
        f".{port}_ready_{ready}({wire}_ready)",
        f".{port}_data_{direction}({wire}_data)",
    ]


def _literal(key: str, value: int | str) -> str:
    """A parameter's value; names of memory files are given below MEM_DIR, integers beyond 32 bits get a size."""
    if key.endswith("_FILE"):
        return f'{{MEM_DIR, "/{value}"}}' if value else '""'
    if isinstance(value, str):
        return f'"{value}"'
    number = int(value)
    return str(number) if -(2**31) < number < 2**31 else f"{max(64, number.bit_length())}'h{number:x}"
