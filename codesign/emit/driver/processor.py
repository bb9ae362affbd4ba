"""The processors beside the fabric for which a package is written: what Vivado calls their ports, and where those lead.

Settings and ports are those of public block designs with `processing_system7` and `zynq_ultra_ps_e`: base.tcl of
the boards Pynq-Z1 and ZCU104 of github.com/Xilinx/PYNQ at 19ed17d4fd, and that of github.com/Xilinx/AUP-ZU3 at
ecb517a686 (read).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codesign.targets import BUS_BITS, Target


@dataclass(frozen=True)
class MemoryPort:
    """A port into memory. settings: that switch it on."""

    interface: str
    clock: str
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Processor:
    """A processor as a block design has it.

    cell: vendor, library, name and, where there has been one only, version of its IP. automation: of Vivado's rule for
    it, beside whether a board's preset is applied. settings: of clock, reset and the port to registers; `clock_setting`
    takes MHz. control, frames, weights: the port to registers, and those of frames and of weights into memory. address,
    dma_address: of the accelerator's registers and of the first DMA's, within what that port reaches.
    """

    cell: str
    rule: str
    automation: str
    settings: Mapping[str, str]
    clock_setting: str
    clock: str
    reset: str
    control: str
    control_clock: str
    frames: MemoryPort
    weights: MemoryPort
    address: int
    dma_address: int

    def configured(self, clock_mhz: float, streamed: bool) -> Iterator[tuple[str, str]]:
        """All settings; streamed: whether weights are read from memory."""
        yield (self.clock_setting, f"{clock_mhz:g}")
        yield from self.settings.items()
        yield from self.frames.settings.items()
        if streamed:
            yield from self.weights.settings.items()


def _high_performance(number: int) -> MemoryPort:
    name = f"S_AXI_HP{number}"
    return MemoryPort(name, f"{name}_ACLK", {f"PCW_USE_{name}": "1", f"PCW_{name}_DATA_WIDTH": str(BUS_BITS)})


def _full_power(number: int) -> MemoryPort:
    """Port HP0 is what the IP's settings call GP2, and so on."""
    port = f"SAXIGP{number + 2}"
    settings = {f"PSU__USE__S_AXI_GP{number + 2}": "1", f"PSU__{port}__DATA_WIDTH": str(BUS_BITS)}
    return MemoryPort(f"S_AXI_HP{number}_FPD", f"saxihp{number}_fpd_aclk", settings)


ZYNQ_7000 = Processor(
    cell="xilinx.com:ip:processing_system7:5.5",
    rule="xilinx.com:bd_rule:processing_system7",
    automation='make_external "FIXED_IO, DDR" Master Disable Slave Disable',
    settings={"PCW_EN_CLK0_PORT": "1", "PCW_EN_RST0_PORT": "1", "PCW_USE_M_AXI_GP0": "1"},
    clock_setting="PCW_FPGA0_PERIPHERAL_FREQMHZ",
    clock="FCLK_CLK0",
    reset="FCLK_RESET0_N",
    control="M_AXI_GP0",
    control_clock="M_AXI_GP0_ACLK",
    frames=_high_performance(0),
    weights=_high_performance(1),
    address=0x43C0_0000,
    dma_address=0x4040_0000,
)

ZYNQ_ULTRASCALE = Processor(
    cell="xilinx.com:ip:zynq_ultra_ps_e",
    rule="xilinx.com:bd_rule:zynq_ultra_ps_e",
    automation="",
    settings={
        "PSU__FPGA_PL0_ENABLE": "1",
        "PSU__USE__M_AXI_GP0": "1",
        "PSU__MAXIGP0__DATA_WIDTH": "32",
        "PSU__USE__M_AXI_GP1": "0",
        "PSU__USE__M_AXI_GP2": "0",
    },
    clock_setting="PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ",
    clock="pl_clk0",
    reset="pl_resetn0",
    control="M_AXI_HPM0_FPD",
    control_clock="maxihpm0_fpd_aclk",
    frames=_full_power(0),
    weights=_full_power(1),
    address=0xA000_0000,
    dma_address=0xA001_0000,
)

_BY_FAMILY = {"xc7": ZYNQ_7000, "xcup": ZYNQ_ULTRASCALE}


def processor_of(target: Target) -> Processor | None:
    """The processor of a target's package; None if none is written for it."""
    return _BY_FAMILY[target.family] if target.overlay else None
