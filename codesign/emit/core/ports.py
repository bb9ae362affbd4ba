"""The core's interfaces and the ports that each is made of: what its wrapper and its description are printed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from codesign.emit.rtl import registers
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.targets import BUS_BITS

CLOCK, RESET, REGISTERS, WEIGHTS = "aclk", "aresetn", "s_axil", "m_axi_weights"

WEIGHT_ADDRESS_BITS = 32
"""The core reads its weights from within the first 2 to this power bytes of memory."""

REGISTER_BITS = 32

Kind = Literal["axis", "aximm", "clock", "reset"]


@dataclass(frozen=True)
class Port:
    """A port of the core. signal: its name in the interface, lower case. inner: whether `top` has it, too."""

    name: str
    signal: str
    width: int
    output: bool
    inner: bool = True

    @property
    def declaration(self) -> str:
        vector = f"[{self.width - 1}:0] " if self.width > 1 else ""
        return f"{'output' if self.output else 'input '} wire {vector}{self.name}"


@dataclass(frozen=True)
class Interface:
    """Ports that belong together. parameters: what is to be known of it beside, as the vendor's tools call it."""

    name: str
    kind: Kind
    master: bool
    ports: tuple[Port, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> tuple[str, str, str, str]:
        """Vendor, library, name and version of the definition of the bus."""
        library = "signal" if self.kind in ("clock", "reset") else "interface"
        return ("xilinx.com", library, self.kind, "1.0")


def interfaces(project: RtlProject) -> tuple[Interface, ...]:
    """The interfaces of a design's core: clock, reset, registers, streams, and the memory's if weights are read there.

    The clock's rate is not among the facts: a block design is refused whose clock has another, by however little.
    """
    buses = [_registers(), *map(_input, project.inputs), *map(_output, project.outputs)]
    if project.weights:
        buses.append(_weights())
    associated = ":".join(bus.name for bus in buses)
    facts = {"ASSOCIATED_BUSIF": associated, "ASSOCIATED_RESET": RESET}
    clock = Interface(CLOCK, "clock", False, (Port(CLOCK, "clk", 1, False),), facts)
    reset = Interface(RESET, "reset", False, (Port(RESET, "rst", 1, False),), {"POLARITY": "ACTIVE_LOW"})
    return (clock, reset, *buses)


def _ports(
    name: str, outputs: str, inputs: str, widths: Mapping[str, int], absent: tuple[str, ...] = ()
) -> Iterator[Port]:
    """outputs, inputs: names of signals, apart by blanks; one bit wide without a width. absent: what `top` lacks."""
    for signal in outputs.split():
        yield Port(f"{name}_{signal}", signal, widths.get(signal, 1), True, signal not in absent)
    for signal in inputs.split():
        yield Port(f"{name}_{signal}", signal, widths.get(signal, 1), False, signal not in absent)


def _registers() -> Interface:
    address = registers.ADDRESS_BITS
    widths = {"awaddr": address, "araddr": address, "wdata": REGISTER_BITS, "rdata": REGISTER_BITS}
    widths |= {"wstrb": REGISTER_BITS // 8, "bresp": 2, "rresp": 2}
    outputs = "awready wready bvalid bresp arready rvalid rdata rresp"
    inputs = "awvalid awaddr wvalid wdata wstrb bready arvalid araddr rready"
    facts = {
        "PROTOCOL": "AXI4LITE",
        "DATA_WIDTH": str(REGISTER_BITS),
        "ADDR_WIDTH": str(address),
        "READ_WRITE_MODE": "READ_WRITE",
    }
    return Interface(REGISTERS, "aximm", False, tuple(_ports(REGISTERS, outputs, inputs, widths)), facts)


def _input(stream: Stream) -> Interface:
    """Every beat is whole, and `top` counts frames itself: it has neither TKEEP nor TLAST."""
    widths = {"tdata": stream.width, "tkeep": stream.width // 8}
    ports = _ports(stream.wire, "tready", "tvalid tdata tkeep tlast", widths, ("tkeep", "tlast"))
    return Interface(stream.wire, "axis", False, tuple(ports), _stream_facts(stream))


def _output(stream: Stream) -> Interface:
    widths = {"tdata": stream.width, "tkeep": stream.width // 8}
    ports = _ports(stream.wire, "tvalid tdata tkeep tlast", "tready", widths, ("tkeep",))
    return Interface(stream.wire, "axis", True, tuple(ports), _stream_facts(stream))


def _stream_facts(stream: Stream) -> dict[str, str]:
    facts = {"TDATA_NUM_BYTES": stream.width // 8, "HAS_TREADY": 1, "HAS_TSTRB": 0, "HAS_TKEEP": 1, "HAS_TLAST": 1}
    return {name: str(value) for name, value in facts.items()}


def _weights() -> Interface:
    """Bursts are read, one identifier for all: answers come in order."""
    widths = {"araddr": WEIGHT_ADDRESS_BITS, "arlen": 8, "arsize": 3, "arburst": 2, "rdata": BUS_BITS, "rresp": 2}
    outputs, inputs = "arid arvalid araddr arlen arsize arburst rready", "rid arready rvalid rdata rresp rlast"
    facts = {
        "PROTOCOL": "AXI4",
        "DATA_WIDTH": str(BUS_BITS),
        "ADDR_WIDTH": str(WEIGHT_ADDRESS_BITS),
        "READ_WRITE_MODE": "READ_ONLY",
    }
    return Interface(WEIGHTS, "aximm", True, tuple(_ports(WEIGHTS, outputs, inputs, widths, ("arid", "rid"))), facts)
