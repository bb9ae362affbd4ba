"""The figures of the vendor's reports, as `vendor.json` holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from codesign.errors import BuildError


@dataclass(frozen=True)
class Used:
    """Fabric; bram36 counts blocks of 36 Kbit, halves included. uram: 0 for a device without."""

    lut: int
    ff: int
    bram36: float
    dsp: int
    uram: int = 0


@dataclass(frozen=True)
class VivadoFigures:
    """What Vivado says of the placed and routed block design.

    accelerator: our part of it, without DMAs and interconnect; None if the report by hierarchy does not name it.
    clock_mhz: of its fastest clock. slack_ns, hold_slack_ns: of the worst paths; negative ones miss.
    """

    version: str
    part: str
    clock_mhz: float
    slack_ns: float
    hold_slack_ns: float
    design: Used
    accelerator: Used | None

    @property
    def met(self) -> bool:
        """Whether all paths are in time."""
        return min(self.slack_ns, self.hold_slack_ns) >= 0


@dataclass(frozen=True)
class VitisHlsFigures:
    """What Vitis HLS says of the synthesized hls4ml project: estimates, nothing is placed.

    Cycles are the least and the most, of a frame; None where the tool cannot tell. clock_ns: the one asked for.
    """

    version: str
    part: str
    clock_ns: float
    estimated_clock_ns: float
    latency_cycles: tuple[int, int] | None
    interval_cycles: tuple[int, int] | None
    used: Used


@dataclass(frozen=True)
class VendorFigures:
    """Figures of each tool that has run."""

    vivado: VivadoFigures | None = None
    vitis_hls: VitisHlsFigures | None = None

    def save(self) -> str:
        """The contents of `vendor.json`."""
        return _ADAPTER.dump_json(self, indent=1).decode() + "\n"

    @classmethod
    def load(cls, path: Path) -> VendorFigures:
        """Raises BuildError for a damaged file."""
        try:
            return _ADAPTER.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            what = str(error).splitlines()[0]
            raise BuildError(f"cannot be read ({what})", where=str(path), remedy="run `codesign build` again") from None


_ADAPTER = TypeAdapter(VendorFigures)
