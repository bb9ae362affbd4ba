"""How cells of a netlist are counted as LUTs, flip-flops, block RAMs and DSPs.

xc7: a LUT is a LUT1 to LUT6, an INV (Vivado would often merge it, Yosys does not), a shift register (SRL), or one of
the tables of a LUT-RAM: 4 for RAM32M, RAM64M and RAM128X1D, 2 for RAM32X1D, RAM64X1D and RAM128X1S. MUXF7, MUXF8 and
CARRY4 are part of the slices and are not counted.
ecp5: a LUT is a LUT4, half of a CCU2C (a carry of two bits takes two LUT4s), or one of the 6 that a TRELLIS_DPR16X4
occupies (four hold its bits, the slice of the other two is its write port). PFUMX and L6MUX21 are not counted.
Block RAM is counted in units of 36 Kbit: 1 for RAMB36E1, 1/2 for RAMB18E1 and DP16KD (18 Kbit).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from codesign.targets import Target

Family = Literal["xc7", "ecp5"]


def family_of(target: Target) -> Family:
    """The cells of a target; UltraScale+ has the look-up tables and registers of the 7 series."""
    return "ecp5" if target.family == "ecp5" else "xc7"


_LUT = {
    "xc7": {
        **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
        **{"INV": 1, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1},
        **{"RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4},
        **{"RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32M": 4, "RAM64M": 4},
    },
    "ecp5": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
}
_FF = {"xc7": {name: 1 for name in ("FDRE", "FDSE", "FDCE", "FDPE")}, "ecp5": {"TRELLIS_FF": 1}}
_BRAM36 = {"xc7": {"RAMB36E1": 1.0, "RAMB18E1": 0.5}, "ecp5": {"DP16KD": 0.5, "PDPW16KD": 0.5}}
_DSP = {"xc7": {"DSP48E1": 1}, "ecp5": {"MULT18X18D": 1}}


@dataclass(frozen=True)
class Utilization:
    """What a netlist takes; bram36 counts halves. cells: the netlist's own cells by type."""

    lut: int = 0
    ff: int = 0
    bram36: float = 0
    dsp: int = 0
    cells: Mapping[str, int] = field(default_factory=dict, compare=False)

    def __add__(self, other: Utilization) -> Utilization:
        names = self.cells.keys() | other.cells.keys()
        return Utilization(
            self.lut + other.lut,
            self.ff + other.ff,
            self.bram36 + other.bram36,
            self.dsp + other.dsp,
            {name: self.cells.get(name, 0) + other.cells.get(name, 0) for name in sorted(names)},
        )


def count(cells: Mapping[str, int], family: Family) -> Utilization:
    """Counts `cells`, numbers of cells by type, by the rules of this module."""

    def total(weights: Mapping[str, float]) -> float:
        return sum(weights[name] * number for name, number in cells.items() if name in weights)

    return Utilization(
        int(total(_LUT[family])),
        int(total(_FF[family])),
        total(_BRAM36[family]),
        int(total(_DSP[family])),
        dict(sorted(cells.items())),
    )
