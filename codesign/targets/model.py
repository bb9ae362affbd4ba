"""The schema of a target file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)]
"""What the vendors' tools read: letters, digits, and what their names have between them."""

_BoardPart = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(:[A-Za-z0-9][A-Za-z0-9_.-]*)+$", max_length=128)
]
"""Such words with colons between them."""

_Title = Annotated[str, Field(pattern=r"^\w[\w .,+/&()#-]*$", max_length=100)]
"""What people read, of one line: letters of any language, digits, and signs that no language quotes with."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Count = Annotated[int, Field(strict=True, gt=0, le=10**8)]
Part = Annotated[float, Field(strict=True, ge=0.01, le=1)]
Megahertz = Annotated[float, Field(strict=True, ge=0.1, le=10_000)]
Figure = Annotated[float, Field(strict=True, ge=0, le=1e9)]


class Resources(_Strict):
    """What the fabric holds. bram36 counts blocks of 36 Kbit; dsp counts multipliers of at least 18 x 18 bits."""

    lut: Count
    ff: Count
    bram36: float = Field(strict=True, ge=0.5, le=10**6)
    dsp: int = Field(strict=True, ge=0, le=10**6)


BUS_BITS = 64
"""Width of a design's one port to external memory, from which weights are read; wider ports carry it as well."""


class Share(_Strict):
    """Part of each resource that a schedule may book; the rest is left to placement and to the board's own logic.

    memory: of a port into external memory, which refreshes, and turns from rows to rows and from reads to writes.
    """

    lut: Part = 0.8
    ff: Part = 0.8
    bram36: Part = 1.0
    dsp: Part = 1.0
    memory: Part = 0.8


class Memory(_Strict):
    """External memory. peak_mb_s: the chips' own limit. port_bits: width of a port from it into the fabric."""

    peak_mb_s: float = Field(strict=True, ge=0.1, le=10**8)
    port_bits: int = Field(strict=True, ge=8, le=2**16)
    source: str


class Overlay(_Strict):
    """How the vendor's tools make an overlay for a board with a Zynq.

    board_part: as Vivado calls the board, its last part the version of the board's files. source: these files.
    """

    board_part: _BoardPart
    source: str = ""

    @property
    def board(self) -> str:
        """The board part without its version."""
        return self.board_part.rpartition(":")[0]


class Serial(_Strict):
    """Pins through which a design talks to a computer: an oscillator, a serial line, a light; `io_type` is of them all.

    receive_site, transmit_site: as the FPGA sees it. clock_in_mhz: of the oscillator. baud: bits a second.
    """

    clock_site: _Word
    clock_in_mhz: Megahertz
    receive_site: _Word
    transmit_site: _Word
    led_site: _Word
    io_type: _Word
    baud: int = Field(strict=True, ge=300, le=10**8)
    source: str


class Coefficient(_Strict):
    """A figure known as a range only: from the least to the most plausible, and where both come from."""

    low: Figure
    high: Figure
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Coefficient:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Power(_Strict):
    """Measured power in watts: of the whole board while the fabric waits, and what feeding frames takes beside it."""

    board_w: float = Field(strict=True, ge=1e-3, le=10**5)
    processor_w: Coefficient
    source: str


class Energy(_Strict):
    """Energies in picojoules.

    lut_pj, bram36_pj: of a look-up table and of a block RAM of 36 Kbit, each cycle in which its block works.
    multiply_pj: of a multiplication of 8 x 8 bits, accumulate_pj: of an addition of 32 bits, both in a DSP slice.
    ddr_pj_byte: of a byte of external memory. clock_pj: of a flip-flop's clock, each cycle.
    """

    lut_pj: Coefficient
    multiply_pj: Coefficient
    accumulate_pj: Coefficient
    bram36_pj: Coefficient
    ddr_pj_byte: Coefficient
    clock_pj: Coefficient


class Target(_Strict):
    """A board: `part` as the vendor's tools spell it, `family` its kind of fabric.

    Without `overlay` no package for the board is written, without `serial` no bitstream of open tools. Without `power`
    no energy of the whole board is told, without `energy` none at all.
    """

    name: _Word
    board: _Title
    part: _Word
    family: Literal["xc7", "xcup", "ecp5"]
    clock_mhz: Megahertz
    resources: Resources
    share: Share = Share()
    memory: Memory
    overlay: Overlay | None = None
    serial: Serial | None = None
    power: Power | None = None
    energy: Energy | None = None
    sources: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _shares_leave_something(self) -> Target:
        r, s = self.resources, self.share
        for name, left in (("lut", r.lut * s.lut), ("ff", r.ff * s.ff), ("bram36", 2 * r.bram36 * s.bram36)):
            if left < 1:
                raise ValueError(f"share.{name} leaves nothing of resources.{name}")
        return self

    @property
    def products_per_dsp(self) -> int:
        """Products of an activation with weights that a multiplier makes at once: two from 25 x 18 bits on."""
        return 1 if self.family == "ecp5" else 2

    @property
    def budget(self) -> Resources:
        """What a schedule may book: the resources times their shares, LUT and FF rounded down."""
        r, s = self.resources, self.share
        return Resources(
            lut=int(r.lut * s.lut), ff=int(r.ff * s.ff), bram36=int(2 * r.bram36 * s.bram36) / 2, dsp=int(r.dsp * s.dsp)
        )

    def memory_mb_s(self, clock_mhz: float) -> float:
        """What a schedule at this clock may read from external memory, in 10^6 bytes a second."""
        return min(min(self.memory.port_bits, BUS_BITS) / 8 * clock_mhz, self.memory.peak_mb_s) * self.share.memory
