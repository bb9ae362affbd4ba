"""Wires the blocks of a scheduled graph together: what stands between the ports of `top.sv`, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from codesign.cost.base import beats
from codesign.emit.rtl.base import Block, Port, identifier
from codesign.emit.rtl.project import Stream
from codesign.errors import GraphError
from codesign.graph import Graph
from codesign.schedule import Edge, Schedule, edges

WEIGHTS = "m_axi_weights"
"""The port through which streamed weights come from memory; prefix of its wires."""

BUS_BITS = 64


@dataclass(frozen=True, eq=False)
class Unit:
    """A block of the design with its tensors: of one node, or of a convolution and the requantization within it.

    weight_port: the number of the reader's port that brings its weights, to the port behind its inputs; none if they
    are on chip.
    """

    node: str
    title: str
    block: Block
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weight_port: int | None = None


@dataclass(frozen=True)
class Wire:
    """The valid, ready and data signals of a stream."""

    name: str
    width: int


@dataclass(frozen=True)
class Instance:
    """An instance of a library module; `ports` are connections besides clock and reset."""

    module: str
    name: str
    parameters: Mapping[str, int | str]
    ports: Sequence[str]


@dataclass
class Section:
    """What belongs to one block: its instances, and the wires that leave them."""

    title: str
    wires: list[Wire] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    assigns: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Wiring:
    """The streams of a design. ports: the port that produces each tensor; those without one are within a block."""

    graph: Graph
    schedule: Schedule
    ports: Mapping[str, Port]

    @cached_property
    def feeds(self) -> dict[Edge, str]:
        """The wire from which each edge leaves: the tensor's own, or one behind its fork."""
        by_tensor: dict[str, list[Edge]] = {}
        for edge in edges(self.graph):
            by_tensor.setdefault(edge.tensor, []).append(edge)
        return {
            edge: identifier(tensor) if len(found) == 1 else f"{identifier(tensor)}_{index}"
            for tensor, found in by_tensor.items()
            for index, edge in enumerate(found)
        }

    def input(self, stream: Stream) -> Section:
        """From an AXI4-Stream port of the top."""
        port, wire = self.ports[stream.tensor], identifier(stream.tensor)
        section = Section(f"input {stream.tensor}: {self.graph.types[stream.tensor]}", [Wire(wire, port.width)])
        connections = [f".{signal}({stream.wire}_{signal[:-2]})" for signal in ("tvalid_i", "tready_o", "tdata_i")]
        parameters = {"LANES": port.lanes, "BITS": port.bits}
        section.instances.append(
            Instance("axi_stream_input", f"{wire}_input", parameters, connections + _port("out0", wire, "o"))
        )
        self._spread(section, stream.tensor)
        return section

    def unit(self, unit: Unit) -> Section:
        """A block, with what its inputs pass before they reach it, and the forks behind it."""
        section = Section(unit.title)
        connections: list[str] = []
        for index, tensor in enumerate(unit.inputs):
            edge = Edge(tensor, unit.node, index)
            connections += _port(f"in{index}", self._reach(section, edge, unit.block.inputs[index]), "i")
        if unit.weight_port is not None:
            connections += _weight_port(len(unit.inputs), unit)
        for index, tensor in enumerate(unit.outputs):
            section.wires.append(Wire(identifier(tensor), unit.block.outputs[index].width))
            connections += _port(f"out{index}", identifier(tensor), "o")
        parameters = {key: literal(key, value) for key, value in unit.block.parameters.items()}
        section.instances.append(Instance(unit.block.module, identifier(unit.node), parameters, connections))
        for tensor in unit.outputs:
            self._spread(section, tensor)
        return section

    def output(self, stream: Stream) -> Section:
        """To an AXI4-Stream port of the top."""
        port, kind = self.ports[stream.tensor], self.graph.types[stream.tensor]
        edge = Edge(stream.tensor, "", self.graph.outputs.index(stream.tensor))
        parameters = {
            "LANES": port.lanes,
            "BITS": port.bits,
            "IS_SIGNED": int(port.signed),
            "BEATS": kind.pixels * beats(kind.channels, port.lanes),
        }
        signals = ("tvalid_o", "tready_i", "tdata_o", "tlast_o")
        connections = [f".{signal}({stream.wire}_{signal[:-2]})" for signal in signals]
        unit = Instance(
            "axi_stream_output",
            f"{identifier(stream.tensor)}_output",
            parameters,
            _port("in0", self.feeds[edge], "i") + connections,
        )
        return Section(f"output {stream.tensor}: {kind}", instances=[unit])

    def _spread(self, section: Section, tensor: str) -> None:
        """Adds the fork of a tensor with several readers; one without any is taken and dropped."""
        wire, width = identifier(tensor), self.ports[tensor].width
        names = [name for edge, name in self.feeds.items() if edge.tensor == tensor]
        if not names:
            section.assigns.append(f"{wire}_ready = 1'b1")
        if len(names) < 2:
            return
        section.wires += [Wire(name, width) for name in names]
        ends = {s: f"{{{', '.join(f'{name}_{s}' for name in reversed(names))}}}" for s in ("valid", "ready", "data")}
        connections = [
            *_port("in0", wire, "i"),
            f".out_valid_o({ends['valid']})",
            f".out_ready_i({ends['ready']})",
            f".out_data_o({ends['data']})",
        ]
        parameters = {"WIDTH": width, "READERS": len(names)}
        section.instances.append(Instance("stream_fork", f"{wire}_fork", parameters, connections))

    def _reach(self, section: Section, edge: Edge, sink: Port) -> str:
        """Adds the FIFO and the width adapter of an edge; returns the wire that the block reads."""
        source, wire = self.ports[edge.tensor], self.feeds[edge]
        if (source.bits, source.signed) != (sink.bits, sink.signed):
            raise GraphError(f"{edge}: the block reads {sink}, the tensor is {source}")
        stem = f"{identifier(edge.reader)}_in{edge.port}"
        fifo = self.schedule.fifos.get(edge)
        if fifo:
            parameters = {"WIDTH": source.width, "DEPTH": fifo.depth, "BLOCK": int(fifo.block)}
            wire = _pass(
                section, "stream_fifo", f"{stem}_fifo", parameters, wire, Wire(f"{stem}_buffered", source.width)
            )
        if source.lanes != sink.lanes:
            parameters = {
                "BITS": source.bits,
                "CHANNELS": self.graph.types[edge.tensor].channels,
                "IN_LANES": source.lanes,
                "OUT_LANES": sink.lanes,
            }
            wire = _pass(section, "stream_width", f"{stem}_width", parameters, wire, Wire(stem, sink.width))
        return wire


def reader(parameters: Mapping[str, int], ports: int) -> Section:
    """The reader of streamed weights, between the memory and the blocks."""
    one_way = ("arvalid_o", "arready_i", "araddr_o", "arlen_o", "arsize_o", "arburst_o")
    other_way = ("rvalid_i", "rready_o", "rdata_i", "rresp_i", "rlast_i")
    connections = [f".{signal}({WEIGHTS}_{signal[:-2]})" for signal in (*one_way, *other_way)]
    connections += [f".{signal}({WEIGHTS}_unit_{signal[:-2]})" for signal in ("valid_o", "ready_i", "data_o")]
    connections += [".start_i(1'b1)", ".base_i(32'd0)", ".beats_o()", ".error_o()"]
    section = Section(f"weights from memory, for {ports} blocks")
    values = {key: literal(key, value) for key, value in parameters.items()}
    section.instances.append(Instance("weight_reader", f"{WEIGHTS}_reader", values, connections))
    return section


def literal(key: str, value: int | str) -> str:
    """A parameter's value; names of memory files are given below MEM_DIR, integers beyond 32 bits get a size."""
    if key.endswith("_FILE"):
        return f'{{MEM_DIR, "/{value}"}}' if value else '""'
    if isinstance(value, str):
        return f'"{value}"'
    return str(value) if -(2**31) < value < 2**31 else f"{max(64, value.bit_length())}'h{value:x}"


def _weight_port(index: int, unit: Unit) -> list[str]:
    """Connections of a block's port number `index` to the reader."""
    bus, width = unit.weight_port, unit.block.inputs[index].width
    return [
        f".in{index}_valid_i({WEIGHTS}_unit_valid[{bus}])",
        f".in{index}_ready_o({WEIGHTS}_unit_ready[{bus}])",
        f".in{index}_data_i({WEIGHTS}_unit_data[{BUS_BITS * (bus or 0)}+:{width}])",
    ]


def _pass(section: Section, module: str, name: str, parameters: Mapping[str, int], wire: str, behind: Wire) -> str:
    """Adds an instance with one stream in and one out; returns the latter's name."""
    section.wires.append(behind)
    connections = _port("in0", wire, "i") + _port("out0", behind.name, "o")
    section.instances.append(Instance(module, name, parameters, connections))
    return behind.name


def _port(port: str, wire: str, direction: str) -> list[str]:
    """Connections of a stream port; `direction` is that of its data, seen from the instance."""
    ready = "o" if direction == "i" else "i"
    return [
        f".{port}_valid_{direction}({wire}_valid)",
        f".{port}_ready_{ready}({wire}_ready)",
        f".{port}_data_{direction}({wire}_data)",
    ]
