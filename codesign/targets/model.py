"""The schema of a target file."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Resources(_Strict):
    """What the fabric holds. bram36 counts blocks of 36 Kbit; dsp counts multipliers of at least 18 x 18 bits."""

    lut: int = Field(gt=0)
    ff: int = Field(gt=0)
    bram36: float = Field(gt=0)
    dsp: int = Field(ge=0)


class Share(_Strict):
    """Part of each resource that a schedule may book; the rest is left to placement and to the board's own logic.

    memory: of a port into external memory, which refreshes, and turns from rows to rows and from reads to writes.
    """

    lut: float = Field(default=0.8, gt=0, le=1)
    ff: float = Field(default=0.8, gt=0, le=1)
    bram36: float = Field(default=1.0, gt=0, le=1)
    dsp: float = Field(default=1.0, gt=0, le=1)
    memory: float = Field(default=0.8, gt=0, le=1)


class Memory(_Strict):
    """External memory. peak_mb_s: the chips' own limit; port_mb_s: one port into the fabric at the target's clock."""

    peak_mb_s: float = Field(gt=0)
    port_mb_s: float = Field(gt=0)
    source: str


class Power(_Strict):
    """Measured power in watts: the whole board while the fabric waits, and what working designs add to that.

    incremental_w: least and most among the measured designs. No coefficient per resource is known that would tell
    them apart, so the range is the estimate.
    """

    board_w: float = Field(gt=0)
    incremental_w: tuple[float, float]
    source: str


class Target(_Strict):
    """A board: `part` as the vendor's tools spell it, `family` its kind of fabric."""

    name: str
    board: str
    part: str
    family: Literal["xc7", "xcup", "ecp5"]
    clock_mhz: float = Field(gt=0)
    resources: Resources
    share: Share = Share()
    memory: Memory
    power: Power | None = None
    sources: tuple[str, ...] = Field(min_length=1)

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

    @property
    def memory_mb_s(self) -> float:
        """What a schedule may read from external memory, in 10^6 bytes a second."""
        return min(self.memory.port_mb_s, self.memory.peak_mb_s) * self.share.memory
