"""Puts the Verilog that Vitis HLS made of the hls4ml project behind the ports of our own top, for the same bench."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codesign import files
from codesign.emit.hls._wiring import wire
from codesign.emit.hls.base import Stream as HlsStream
from codesign.emit.hls.project import TOP
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.top import template
from codesign.errors import ToolError
from codesign.graph import Graph, TensorType, digest
from codesign.graph.names import identifier
from codesign.graph.types import bits_for_range

ADAPTER = "vitis_adapter"
CONTROL = ("ap_clk", "ap_rst_n", "ap_start")
"""Inputs of `ap_ctrl_hs`, the block control of the Vivado flow."""

_PORT = re.compile(r"\b(input|output)\s+(?:wire\s+|reg\s+)?(?:\[\s*(\d+)\s*:\s*0\s*\]\s*)?(\w+)\s*[;,)]")
_NOT_SYNTHESIZED = re.compile(r"//\s*synthesis translate_off.*?//\s*synthesis translate_on", re.DOTALL)


@dataclass(frozen=True)
class Adapted:
    """A stream at our pins and at those of Vitis: `name` is the port there, `lane` the bits from one lane to the next.

    width: of TDATA, whose bits past the last lane are padding.
    """

    stream: Stream
    name: str
    lane: int
    width: int


def adapt_vitis(verilog: Path, graph: Graph, out_dir: Path, *, interval_cycles: int) -> RtlProject:
    """Writes a project around the Verilog and memory files in `verilog` to `out_dir`.

    Its only streams are the graph's inputs and outputs. interval_cycles: the most that may pass between two beats at
    the pins. What synthesis leaves out, such as Vitis' monitors for deadlocks, is left out. Raises ToolError if the
    Verilog is missing, or its ports are not those of the hls4ml project of `graph`.
    """
    top = verilog / f"{TOP}.v"
    if not top.is_file():
        raise ToolError(
            "there is no Verilog of Vitis HLS",
            where=str(verilog),
            remedy="run `codesign build` where Vitis HLS is on PATH, or bring board/build from such a machine",
        )
    inputs, outputs = _adapt(graph, top)
    streams = tuple(a.stream for a in inputs), tuple(a.stream for a in outputs)
    project = RtlProject(out_dir, graph.name, digest(graph), interval_cycles, *streams, (), top=ADAPTER, foreign=True)
    with files.new_folder(out_dir) as folder:
        sources = sorted(verilog.glob("*.v"))
        for path in sources:
            (folder / path.name).write_text(_NOT_SYNTHESIZED.sub("", path.read_text()))
        for path in verilog.glob("*.dat"):
            shutil.copy(path, folder)
        text = template("vitis_adapter.sv.j2").render(name=ADAPTER, vitis=TOP, inputs=inputs, outputs=outputs)
        (folder / f"{ADAPTER}.sv").write_text(text)
        (folder / "files.f").write_text("".join(f"{path.name}\n" for path in sources) + f"{ADAPTER}.sv\n")
        (folder / "project.json").write_text(project.describe())
    return project


def _adapt(graph: Graph, top: Path) -> tuple[list[Adapted], list[Adapted]]:
    wiring, ports = wire(graph), _ports(top)
    inputs = [
        _adapted(number, tensor, f"s_axis_{identifier(tensor)}", stream, ports["input"], top)
        for number, (tensor, stream) in enumerate(zip(graph.inputs, wiring.inputs, strict=True))
    ]
    outputs = [
        _adapted(len(inputs) + number, tensor, f"m_axis_{identifier(tensor)}", stream, ports["output"], top)
        for number, (tensor, stream) in enumerate(zip(graph.outputs, wiring.outputs, strict=True))
    ]
    known = {*CONTROL, *(f"{a.name}_{end}" for a in inputs for end in ("TDATA", "TVALID"))}
    known |= {f"{a.name}_TREADY" for a in outputs}
    if known != ports["input"].keys():
        odd = min(known ^ ports["input"].keys())
        why = "has no input" if odd in known else "has the input"
        raise ToolError(
            f"{why} '{odd}': expected AXI4-Stream ports of the network's tensors, and ap_ctrl_hs",
            where=str(top),
            remedy="was it made by board/vitis_hls.tcl, from this build?",
        )
    return inputs, outputs


def _ports(top: Path) -> Mapping[str, dict[str, int]]:
    """Widths by direction and name."""
    found: dict[str, dict[str, int]] = {"input": {}, "output": {}}
    for direction, high, name in _PORT.findall(top.read_text()):
        found[direction][name] = int(high or 0) + 1
    return found


def _adapted(
    number: int, tensor: str, wire_name: str, stream: HlsStream, ports: Mapping[str, int], top: Path
) -> Adapted:
    kind = stream.type
    width = ports.get(f"{stream.name}_TDATA")
    if width is None:
        raise ToolError(
            f"has no port '{stream.name}_TDATA' for tensor '{tensor}'",
            where=str(top),
            remedy="was it made by board/vitis_hls.tcl, from this build?",
        )
    bits = bits_for_range(kind.lo, kind.hi)
    ours = Stream(number, tensor, wire_name, kind.channels, bits, kind.lo < 0, kind.shape)
    return Adapted(ours, stream.name, _lane(kind, bits, width, f"{stream.name}_TDATA", top), width)


def _lane(kind: TensorType, bits: int, width: int, port: str, top: Path) -> int:
    """Bits from lane to lane: whole bytes, bytes of a C type, or none between; the whole is padded to bytes.

    UG1399 has streams in bytes; where both widths are the same, it is bytes.
    """
    whole = -(-bits // 8) * 8
    lanes = (whole, 8 << (whole // 8 - 1).bit_length(), bits)
    for lane in lanes:
        if -(-kind.channels * lane // 8) * 8 == width:
            return lane
    raise ToolError(
        f"'{port}' has {width} bits: {kind.channels} lanes of {bits} bits, in whole bytes or packed, do not fill it",
        where=str(top),
        remedy="a beat must be one pixel, as hls4ml's io_stream makes it",
    )
