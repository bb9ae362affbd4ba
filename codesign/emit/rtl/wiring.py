"""Wires the blocks of a scheduled graph together: what stands between the ports of `top.sv`, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from codesign import quoting
from codesign.design import BuiltBlock, Design
from codesign.emit.rtl.base import Block, Port
from codesign.emit.rtl.project import Stream
from codesign.errors import GraphError
from codesign.graph import Graph
from codesign.graph.heads import Heads
from codesign.graph.names import Scope, identifier
from codesign.hardware.dependence import Dependence, in_bursts
from codesign.hardware.folding import beats
from codesign.hardware.lanes import buffered
from codesign.hardware.memory import mixed
from codesign.plugins import load
from codesign.schedule.edges import Edge, edges
from codesign.targets import BUS_BITS

WEIGHTS = "m_axi_weights"
"""The port through which streamed weights come from memory; prefix of its wires."""

REGISTERS = "s_axil"
"""The AXI4-Lite port of the registers; prefix of its wires."""


@dataclass(frozen=True, eq=False)
class Unit:
    """A block of the design, and the module's instance that it becomes.

    weight_port: the number of the reader's port that brings its weights, to the port behind its inputs; none if they
    are on chip.
    """

    built: BuiltBlock
    block: Block
    weight_port: int | None = None

    @property
    def title(self) -> str:
        built, folding = self.built, self.built.folding
        inputs, outputs = (", ".join(map(str, types)) for types in (built.input_types, built.output_types))
        tile = f", tile {folding.tile}" if folding.tile else ""
        kind = built.node.op.kind
        return f"{built.name}: {kind} {inputs} -> {outputs}, pe {folding.pe}, simd {folding.simd}{tile}"


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
    """The streams of a design. ports: the port that produces each tensor."""

    design: Design
    ports: Mapping[str, Port]

    @property
    def graph(self) -> Graph:
        return self.design.built

    @cached_property
    def scope(self) -> Scope:
        return Scope((*self.graph.types, *(node.name for node in self.graph.nodes)))

    @cached_property
    def feeds(self) -> dict[Edge, str]:
        """The wire from which each edge leaves: the tensor's own, or one behind its fork."""
        by_tensor: dict[str, list[Edge]] = {}
        for edge in edges(self.graph):
            by_tensor.setdefault(edge.tensor, []).append(edge)
        return {
            edge: identifier(tensor) if len(found) == 1 else self.scope.free(f"{identifier(tensor)}_{index}")
            for tensor, found in by_tensor.items()
            for index, edge in enumerate(found)
        }

    def input(self, stream: Stream) -> Section:
        """From an AXI4-Stream port of the top, through a gate that opens at frame borders only."""
        port, wire, kind = self.ports[stream.tensor], identifier(stream.tensor), self.graph.types[stream.tensor]
        section = Section(f"input {stream.tensor}: {kind}", [Wire(wire, port.width)])
        connections = [f".{signal}({stream.wire}_{signal[:-2]})" for signal in ("tvalid_i", "tready_o", "tdata_i")]
        index = list(self.graph.inputs).index(stream.tensor)
        connections += [f".{name}({REGISTERS}_{name[:-2]}[{index}])" for name in ("enable_i", "first_o", "last_o")]
        parameters = {"LANES": port.lanes, "BITS": port.bits, "BEATS": self._frame_beats(stream.tensor)}
        section.instances.append(
            Instance(
                "axi_stream_input", self.scope.free(f"{wire}_input"), parameters, connections + _port("out0", wire, "o")
            )
        )
        self._spread(section, stream.tensor)
        return section

    def unit(self, unit: Unit) -> Section:
        """A block, with what its inputs pass before they reach it, and the forks behind it."""
        section = Section(unit.title)
        connections: list[str] = []
        for index, tensor in enumerate(unit.built.inputs):
            edge = Edge(tensor, unit.built.name, index)
            connections += _port(f"in{index}", self._connected(section, edge, unit.block.inputs[index]), "i")
        if unit.weight_port is not None:
            behind = len(unit.built.inputs)
            connections += _weight_port(behind, unit.weight_port, unit.block.inputs[behind].width)
        for index, tensor in enumerate(unit.built.outputs):
            section.wires.append(Wire(identifier(tensor), unit.block.outputs[index].width))
            connections += _port(f"out{index}", identifier(tensor), "o")
        parameters = {key: literal(key, value) for key, value in unit.block.parameters.items()}
        section.instances.append(Instance(unit.block.module, unit.built.instance, parameters, connections))
        for tensor in unit.built.outputs:
            self._spread(section, tensor)
        return section

    def output(self, stream: Stream) -> Section:
        """To an AXI4-Stream port of the top."""
        port = self.ports[stream.tensor]
        index = self.graph.outputs.index(stream.tensor)
        edge = Edge(stream.tensor, "", index)
        parameters = {
            "LANES": port.lanes,
            "BITS": port.bits,
            "IS_SIGNED": int(port.signed),
            "BEATS": self._frame_beats(stream.tensor),
        }
        signals = ("tvalid_o", "tready_i", "tdata_o", "tlast_o")
        connections = [f".{signal}({stream.wire}_{signal[:-2]})" for signal in signals]
        connections.append(f".last_o({REGISTERS}_out_last[{index}])")
        unit = Instance(
            "axi_stream_output",
            self.scope.free(f"{identifier(stream.tensor)}_output"),
            parameters,
            _port("in0", self.feeds[edge], "i") + connections,
        )
        return Section(f"output {stream.tensor}: {self.graph.types[stream.tensor]}", instances=[unit])

    def records(self, stream: Stream, heads: Heads) -> Section:
        """The outputs of a detector to one AXI4-Stream port of the top, as records of its peaks."""
        section = Section(f"output {stream.tensor}: records of {', '.join(heads.names.values())}")
        parameters: dict[str, int | str] = dict(zip(("CLASSES", "HEIGHT", "WIDTH"), heads.shape, strict=True))
        parameters |= {"LANES": self.ports[heads.heat].lanes, "FLOOR": heads.floor}
        connections: list[str] = []
        for index, (head, tensor) in enumerate(heads.names.items()):
            port = self.ports[tensor]
            sink = port if head == "heat" else replace(port, lanes=2)
            edge = Edge(tensor, "", self.graph.outputs.index(tensor))
            connections += _port(f"in{index}", self._connected(section, edge, sink), "i")
            parameters |= {f"{head.upper()}_BITS": port.bits, f"{head.upper()}_SIGNED": int(port.signed)}
        signals = ("tvalid_o", "tready_i", "tdata_o", "tlast_o")
        connections += [f".{signal}({stream.wire}_{signal[:-2]})" for signal in signals]
        connections.append(f".last_o({REGISTERS}_out_last)")
        section.instances.append(Instance("axi_peak_output", f"{stream.wire}_output", parameters, connections))
        return section

    def _frame_beats(self, tensor: str) -> int:
        kind = self.graph.types[tensor]
        return kind.pixels * beats(kind.channels, self.ports[tensor].lanes)

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
        section.instances.append(Instance("stream_fork", self.scope.free(f"{wire}_fork"), parameters, connections))

    def _connected(self, section: Section, edge: Edge, sink: Port) -> str:
        """Adds the FIFO, the width adapter and the decoder of an edge; returns the wire that the block reads."""
        source, wire = self.ports[edge.tensor], self.feeds[edge]
        decoded = source.step > 1 and sink.step == 1
        if not decoded and replace(source, lanes=sink.lanes) != sink:
            raise GraphError(f"{edge}: the block reads {sink}, the tensor is {source}")
        stem = f"{identifier(edge.reader)}_in{edge.port}" if edge.reader else f"{identifier(edge.tensor)}_out"
        free = self.scope.free
        adapted = source.lanes != sink.lanes
        behind_adapter = adapted and source.lanes != buffered(source.lanes, sink.lanes, in_bursts=self._in_bursts(edge))
        if not behind_adapter:
            wire = self._buffered(section, edge, stem, wire, source.width)
        if adapted:
            parameters = {
                "BITS": source.bits,
                "CHANNELS": self.graph.types[edge.tensor].channels,
                "IN_LANES": source.lanes,
                "OUT_LANES": sink.lanes,
            }
            behind = Wire(free(f"{stem}_steps" if decoded else stem), sink.lanes * source.bits)
            wire = _pass(section, "stream_width", free(f"{stem}_width"), parameters, wire, behind)
        if behind_adapter:
            wire = self._buffered(section, edge, stem, wire, sink.lanes * source.bits)
        if decoded:
            parameters = {
                "LANES": sink.lanes,
                "IN_BITS": source.bits,
                "OUT_BITS": sink.bits,
                "BASE": source.base,
                "STEP": source.step,
            }
            wire = _pass(
                section, "stream_decode", free(f"{stem}_decode"), parameters, wire, Wire(free(stem), sink.width)
            )
        return wire

    def _in_bursts(self, edge: Edge) -> bool:
        """Whether the reader of an edge takes the tensor in bursts."""
        if not edge.reader:
            return False
        node = self.graph.node(edge.reader)
        types = self.graph.input_types(node), self.graph.output_types(node)
        dependence: Dependence = load("codesign.hardware.ops", node.op.kind).dependence(node.op, *types)
        return in_bursts(dependence, *types, edge.port)

    def _buffered(self, section: Section, edge: Edge, stem: str, wire: str, width: int) -> str:
        """Adds the FIFO of an edge, if it has one; returns the wire behind it."""
        fifo = self.design.schedule.fifos.get(edge)
        if fifo is None:
            return wire
        parameters = {"WIDTH": width, "DEPTH": fifo.depth, "BLOCK": int(fifo.memory != "lut")}
        if fifo.memory == "mixed":
            parameters["REST"] = mixed(fifo.depth)[1]
        free = self.scope.free
        behind = Wire(free(f"{stem}_buffered"), width)
        return _pass(section, "stream_fifo", free(f"{stem}_fifo"), parameters, wire, behind)


def registers(inputs: int, outputs: int, digest: str) -> Section:
    """Start, status, counters and identity; `digest` are hexadecimal digits, of which the first 32 are kept."""
    bus: tuple[str, ...] = (
        "awvalid_i",
        "awready_o",
        "awaddr_i",
        "wvalid_i",
        "wready_o",
        "wdata_i",
        "wstrb_i",
        "bvalid_o",
        "bready_i",
    )
    bus += ("bresp_o", "arvalid_i", "arready_o", "araddr_i", "rvalid_o", "rready_i", "rdata_o", "rresp_o")
    own = {"enable_o": "enable", "in_first_i": "first", "in_last_i": "last", "out_last_i": "out_last"}
    weights = ("weights_start_o", "weights_base_o", "weights_error_i")
    connections = [f".{signal}({REGISTERS}_{signal[:-2]})" for signal in (*bus, *weights)]
    connections += [f".{signal}({REGISTERS}_{wire})" for signal, wire in own.items()]
    parameters: dict[str, int | str] = {"INPUTS": inputs, "OUTPUTS": outputs, "MODEL_HASH": f"128'h{digest[:32]}"}
    unit = Instance("axi_lite_registers", f"{REGISTERS}_registers", parameters, connections)
    return Section("registers", instances=[unit])


def reader(parameters: Mapping[str, int], ports: int) -> Section:
    """The reader of streamed weights, between the memory and the blocks."""
    one_way = ("arvalid_o", "arready_i", "araddr_o", "arlen_o", "arsize_o", "arburst_o")
    other_way = ("rvalid_i", "rready_o", "rdata_i", "rresp_i", "rlast_i")
    connections = [f".{signal}({WEIGHTS}_{signal[:-2]})" for signal in (*one_way, *other_way)]
    connections += [f".{signal}({WEIGHTS}_unit_{signal[:-2]})" for signal in ("valid_o", "ready_i", "data_o")]
    connections += [f".start_i({REGISTERS}_weights_start)", f".base_i({REGISTERS}_weights_base[31:0])"]
    connections += [".beats_o()", f".error_o({REGISTERS}_weights_error)"]
    section = Section(f"weights from memory, for {ports} blocks")
    values = {key: literal(key, value) for key, value in parameters.items()}
    section.instances.append(Instance("weight_reader", f"{WEIGHTS}_reader", values, connections))
    return section


def literal(key: str, value: int | str) -> str:
    """A parameter's value; names of memory files are given below MEM_DIR, integers beyond 32 bits get a size."""
    if key.endswith("_FILE"):
        return f"{{MEM_DIR, {quoting.string(f'/{value}')}}}" if value else '""'
    if isinstance(value, str):
        return quoting.string(value)
    return str(value) if -(2**31) < value < 2**31 else f"{max(64, value.bit_length())}'h{value:x}"


def _weight_port(index: int, bus: int, width: int) -> list[str]:
    """Connections of a block's port number `index`, of `width` bits, to the reader's number `bus`."""
    return [
        f".in{index}_valid_i({WEIGHTS}_unit_valid[{bus}])",
        f".in{index}_ready_o({WEIGHTS}_unit_ready[{bus}])",
        f".in{index}_data_i({WEIGHTS}_unit_data[{BUS_BITS * bus}+:{width}])",
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
