"""What other tools have published of networks on boards; every figure with its kind and where it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

FINN = "https://github.com/Xilinx/finn"
EXAMPLES = "https://github.com/Xilinx/finn-examples"
BUILD = f"{EXAMPLES}/blob/810a1e7759163ac313cb7739743da4184fb9135d/build"
TINY = "https://github.com/mlcommons/tiny_results_v0.7/blob/64623f41b6721bdff6d0133a524c63a003123b3b/open/hls4ml-finn"
JETS = "https://github.com/Gabriele-bot/PYNQ_IA/blob/f77db009fe6ee5acc2feddddc9691de480336803"
DAC_2020 = "https://github.com/heheda365/ultra_net/blob/dc3b339da7f7e27276414a5c4dd7ecf89f7fc605"
DAC_2022 = "https://github.com/AiArtisan/dac_sdc_2022_champion/blob/a2a1c20998b11e3722d114f501b38740a0a64675"

KINDS = {
    "board": "measured on the board",
    "implemented": "after place and route by the vendor's tools",
    "vendor": "after synthesis by the vendor's tools",
    "folding": "by its folding: the cycles of its slowest layer",
    "setting": "a setting",
    "estimate": "an estimate of the HLS compiler",
}
"""What may stand behind a figure of another tool."""


@dataclass(frozen=True)
class Figure:
    """A published value. kind: one of KINDS; source: a link to it."""

    value: float
    kind: str
    source: str


@dataclass(frozen=True)
class Peer:
    """What was published of one design. figures: by name, as ours are named; remark: what differs from our row."""

    name: str
    figures: Mapping[str, Figure]
    remark: str = ""
    source: str = ""

    def frames_per_s(self, clock_mhz: float) -> float | None:
        """The rate to reach: its own, or that of its cycles at this clock; None if neither was published."""
        if rate := self.figures.get("frames_per_s"):
            return rate.value
        cycles = self.figures.get("interval_cycles")
        return clock_mhz * 1e6 / cycles.value if cycles else None


def _area(kind: str, source: str, lut: float, ff: float, bram36: float, dsp: float) -> dict[str, Figure]:
    values = {"lut": lut, "ff": ff, "bram36": bram36, "dsp": dsp}
    return {name: Figure(value, kind, source) for name, value in values.items()}


def _folded(network: str, folder: str, cycles: int, clock_mhz: float) -> dict[str, Figure]:
    source, settings = f"{BUILD}/{folder}/folding_config/{network}_folding_config.json", f"{BUILD}/{folder}/build.py"
    return {
        "clock_mhz": Figure(clock_mhz, "setting", settings),
        "interval_cycles": Figure(cycles, "folding", source),
        "frames_per_s": Figure(round(clock_mhz * 1e6 / cycles, 1), "folding", source),
    }


def _measured(rate: float) -> dict[str, Figure]:
    return {"frames_per_s": Figure(rate, "board", f"{FINN}/pull/1499")}


def _tiny(entry: str, rate: float) -> dict[str, Figure]:
    """An entry of MLPerf Tiny: one frame at a time, the processor's part included."""
    source = f"{TINY}/results/pynq-z2/{entry}/performance/results.txt"
    return {
        "clock_mhz": Figure(100, "setting", f"{TINY}/systems/system_description_pynq.json"),
        "frames_per_s": Figure(rate, "board", source),
        "latency_us": Figure(round(1e6 / rate, 2), "board", source),
    }


ALONE = "one frame at a time, the processor's part included"

CNV_W1A1 = Peer(
    "FINN, Pynq-Z1",
    _folded("cnv-w1a1", "bnn-pynq", 32_768, 100) | _area("vendor", f"{FINN}/pull/209", 21_135, 31_517, 98 + 9 / 2, 0),
    "resources without the shell, with the class of a picture computed in hardware",
)
CNV_TINY = Peer(
    "FINN, MLPerf Tiny",
    _tiny("ic/CNV-W1A1", 661.473)
    | _area(
        "implemented",
        f"{TINY}/code/ic/CNV-W1A1/inference/pynq-z2/vivado_project/sys/docs/resources.png",
        22_714,
        31_508,
        100.5,
        0,
    ),
    f"{ALONE}; resources with the shell",
)
CNV_W1A2 = Peer("FINN, AUP-ZU3", _measured(3029.3))
CNV_W2A2 = Peer("FINN, Pynq-Z1", _folded("cnv-w2a2", "bnn-pynq", 115_200, 100))
TFC_W1A1 = Peer("FINN, AUP-ZU3", _measured(1_089_429.6))
TFC_W1A2 = Peer("FINN, AUP-ZU3", _measured(1_193_937.9))
TFC_W2A2 = Peer("FINN, AUP-ZU3", _measured(1_193_598.2))
KWS_W3A3 = Peer("FINN, Pynq-Z1", _folded("kws", "kws", 392, 100))
KWS_TINY = Peer("FINN, MLPerf Tiny", _tiny("kws/KWS-W3A3", 57_268.135), ALONE)
RN07 = Peer("hls4ml, MLPerf Tiny", _tiny("ic/RN07", 36.596), ALONE)
AD08 = Peer("hls4ml, MLPerf Tiny", _tiny("ad/AD08", 53_365.414), ALONE)
JET_TAGGER = Peer(
    "hls4ml, PYNQ-Z2",
    {
        "clock_mhz": Figure(
            200, "setting", f"{JETS}/NN_train/jet_tagging/HLS_projects/Qkeras_pruned/hls4ml_PYNQ_prj/build_prj.tcl"
        ),
        **{
            name: Figure(
                value,
                "estimate",
                f"{JETS}/NN_train/jet_tagging/HLS_projects/Qkeras_pruned/hls4ml_PYNQ_prj/myproject_prj/solution1/syn/"
                "report/myproject_csynth.rpt",
            )
            for name, value in (("interval_cycles", 32), ("latency_cycles", 117))
        },
    }
    | _area("implemented", f"{JETS}/README.md", 0.34 * 53_200, 0.17 * 106_400, 0.03 * 140, round(0.87 * 220)),
    "weights pruned to a quarter, softmax included; resources were told in whole percents of the chip",
)
MOBILENET = Peer(
    "FINN, PYNQ-Z2",
    {},
    "the FPGA is too small to deploy it, no plans to do so",
    f"{EXAMPLES}/issues/1",
)
MOBILENET_ZCU104 = Peer(
    "FINN, ZCU104", _folded("ZCU104", "mobilenet-v1", 401_408, round(1e3 / 5.4, 1)), "weights in ultra RAM"
)
ULTRANET_2020 = Peer(
    "winner of DAC-SDC 2020",
    {
        "clock_mhz": Figure(166.7, "setting", f"{DAC_2020}/deploy/dac_sdc.hwh"),
        "frames_per_s": Figure(212.726, "board", f"{DAC_2020}/pic/rank.jpg"),
    },
)
ULTRANET_2022 = Peer(
    "winner of DAC-SDC 2022",
    {
        "clock_mhz": Figure(300, "setting", f"{DAC_2022}/scripts/rtl_script.tcl"),
        "frames_per_s": Figure(2020.6, "board", f"{DAC_2022}/ranking.png"),
    },
)


def other(peer: Peer) -> Peer:
    """The peer's figures beside another network for the same task."""
    return replace(peer, remark=f"another network for the same task; {peer.remark}")
