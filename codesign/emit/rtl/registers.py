"""The register map of a design's AXI4-Lite port: the one table behind `axi_lite_registers.sv`, its page and drivers.

A driver reads `ID` and `MAP_VERSION` first. The words are 32 bits wide, at byte offsets from the port's base address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ID = 0x43445347
"""What register `ID` reads: "CDSG"."""

MAP_VERSION = 0x0001_0000
"""Major version in the upper half, minor in the lower; only a major one moves or changes what was there."""

ADDRESS_BITS = 12

Access = Literal["read", "read, write", "read, write 1 to clear"]


@dataclass(frozen=True)
class Field:
    """One bit of a register."""

    name: str
    bit: int
    meaning: str


@dataclass(frozen=True)
class Register:
    """A word at byte `offset`; its `fields` are in the low bits, the others read 0 and are not written."""

    name: str
    offset: int
    access: Access
    meaning: str
    fields: tuple[Field, ...] = ()


REGISTERS = (
    Register("ID", 0x00, "read", f"0x{ID:08X}, the letters CDSG"),
    Register("MAP_VERSION", 0x04, "read", "version of this map: major in the upper half, minor in the lower"),
    Register("MODEL_HASH_0", 0x10, "read", "digits 1 to 8 of the hexadecimal hash of the network"),
    Register("MODEL_HASH_1", 0x14, "read", "digits 9 to 16"),
    Register("MODEL_HASH_2", 0x18, "read", "digits 17 to 24"),
    Register("MODEL_HASH_3", 0x1C, "read", "digits 25 to 32"),
    Register(
        "CONTROL",
        0x20,
        "read, write",
        "0 after reset",
        (
            Field(
                "run",
                0,
                "takes frames while 1; cleared within a frame, the frame still passes whole. Set for the first time, "
                "it also starts the reading of weights",
            ),
        ),
    ),
    Register(
        "STATUS",
        0x24,
        "read",
        "what is going on",
        (
            Field("running", 0, "an input is open"),
            Field("busy", 1, "a frame is in flight: its first beat has come in, its last has not gone out"),
            Field("idle", 2, "neither running nor busy"),
        ),
    ),
    Register(
        "ERRORS",
        0x28,
        "read, write 1 to clear",
        "sticky",
        (Field("weight_read", 0, "a read of weights was answered with an error; comes back until reset"),),
    ),
    Register("FRAMES_IN", 0x30, "read", "frames that have come in whole, modulo 2^32"),
    Register("FRAMES_OUT", 0x34, "read", "frames that have gone out whole, modulo 2^32"),
    Register(
        "INTERVAL_CYCLES",
        0x38,
        "read",
        "between the last beats of the last two frames out, 0 before; pauses count",
    ),
    Register(
        "LATENCY_CYCLES",
        0x3C,
        "read",
        "from first beat in to last beat out of the last frame measured, 0 before; a frame is measured when the one "
        "measured before it has gone out",
    ),
    Register("CYCLES_LOW", 0x40, "read", "cycles since reset; reading it keeps the upper half for CYCLES_HIGH"),
    Register("CYCLES_HIGH", 0x44, "read", "upper half as of the last read of CYCLES_LOW"),
    Register(
        "WEIGHTS_BASE_LOW", 0x48, "read, write", "byte address of the weight image; fixed from the first start on"
    ),
    Register("WEIGHTS_BASE_HIGH", 0x4C, "read, write", "its upper half"),
)
"""By offset. Other words, and writes to what is not to be written, are answered with SLVERR and have no effect."""


def offset(name: str) -> int:
    """Byte offset of register `name`."""
    return next(register.offset for register in REGISTERS if register.name == name)


def localparams() -> str:
    """The addresses as `axi_lite_registers.sv` holds them."""
    digits = (ADDRESS_BITS + 3) // 4
    lines = [f"  localparam logic [31:0] ID = 32'h{ID:08x}, MAP_VERSION = 32'h{MAP_VERSION:08x};"]
    lines += [
        f"  localparam logic [{ADDRESS_BITS - 1}:0] AT_{register.name} = {ADDRESS_BITS}'h{register.offset:0{digits}x};"
        for register in REGISTERS
    ]
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """The map as a Markdown table, a line for each register and each field."""
    lines = ["| offset | register | bit | access | meaning |", "|---|---|---|---|---|"]
    for register in REGISTERS:
        lines.append(f"| 0x{register.offset:02X} | `{register.name}` | | {register.access} | {register.meaning} |")
        lines += [f"| | | {field.bit} `{field.name}` | | {field.meaning} |" for field in register.fields]
    return "\n".join(lines) + "\n"
