"""What Vitis HLS would leave of a network, for want of it: the files and ports that it writes around our own RTL.

Not what it is: code of Vitis HLS. That its Verilog computes what the hls4ml project does is not shown here.
"""

import re
from pathlib import Path

import jinja2

from codesign.emit.hls.wiring import wire
from codesign.emit.rtl import library, registers
from codesign.emit.rtl.project import RtlProject
from codesign.graph import Graph
from codesign.graph.types import bits_for_range
from codesign.resources import rtl_dir
from codesign.vendor.vitis_hls import VERILOG

MONITOR = """`timescale 1 ns / 1 ps

module top_hls_deadlock_idx0_monitor (
    input wire clock,
    input wire [0:0] axis_block_sigs,
    output wire block
);
assign block = axis_block_sigs[-1];
endmodule
"""
"""Its module for deadlocks, which only what synthesis leaves out has an instance of, reads beyond its input."""

TEMPLATE = Path(__file__).with_name("vitis_standin.v.j2")


def write_vitis(rtl: Path, graph: Graph, folder: Path, *, packed: bool = False) -> Path:
    """Writes the network of the RTL project `rtl` to `folder`, `board/build`, as Vitis HLS would; gives the folder.

    packed: lanes side by side by their bits, in place of whole bytes.
    """
    verilog = folder / VERILOG
    verilog.mkdir(parents=True)
    project = RtlProject.load(rtl)
    for path in {
        path.name: path for path in (*project.sources, *library.sources(["stream_width"], rtl_dir()))
    }.values():
        name = "top_core" if path.stem == "top" else path.stem
        text = re.sub(r'\{MEM_DIR, "/(.*?)"\}', r'"./\1.dat"', path.read_text()).replace(
            "module top #", "module top_core #"
        )
        (verilog / f"{name}.v").write_text(text)
    for memory in (rtl / "mem").iterdir():
        (verilog / f"{memory.name}.dat").write_bytes(memory.read_bytes())
    wiring = wire(graph)
    names = [stream.name for stream in (*wiring.inputs, *wiring.outputs)]
    ports = [
        _port(name, stream, graph.types[stream.tensor], packed)
        for name, stream in zip(names, (*project.inputs, *project.outputs), strict=True)
    ]
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    count = len(project.inputs)
    text = environment.from_string(TEMPLATE.read_text()).render(
        inputs=ports[:count], outputs=ports[count:], control=registers.offset("CONTROL")
    )
    (verilog / "top.v").write_text(text)
    (verilog / "top_hls_deadlock_idx0_monitor.v").write_text(MONITOR)
    return verilog


def _port(name, stream, kind, packed):
    bits = bits_for_range(kind.lo, kind.hi)
    lane = bits if packed else -(-bits // 8) * 8
    width = -(-kind.channels * lane // 8) * 8
    return {"name": name, "core": stream, "channels": kind.channels, "bits": bits, "lane": lane, "width": width}
