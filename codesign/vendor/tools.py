"""Runs the vendor's tools on a build's `board/`, by its Makefile, and keeps what they print."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from codesign import processes
from codesign.errors import ToolError
from codesign.progress import Progress

PHASE = re.compile(r"codesign: phase (?P<name>.+)")
"""What our Tcl scripts print at the beginning of each part of their work."""

MISSED = "codesign: misses its clock"
"""What `vivado.tcl` prints when all is done, but too slow: its reports are complete."""


@dataclass(frozen=True)
class Tool:
    """A tool that is on PATH. goals: what `make` is given. log: where its words go, beside the Makefile."""

    name: str
    goals: tuple[str, ...]
    log: str


def tools_on_path() -> tuple[Tool, ...]:
    """The quicker one first. Raises ToolError if there is none, or no `make` to run it."""
    found: list[Tool] = []
    for program, call in {"vitis_hls": "vitis_hls -f", "vitis-run": "vitis-run --mode hls --tcl"}.items():
        if shutil.which(program) and not found:
            found.append(Tool("Vitis HLS", ("hls", f"VITIS_HLS={call}"), "make_hls.log"))
    if shutil.which("vivado"):
        found.append(Tool("Vivado", ("all",), "make.log"))
    if not found:
        raise ToolError(
            "neither vivado nor vitis_hls nor vitis-run is on PATH",
            remedy="source AMD's settings64.sh, or run `make` in board/ on a machine that has them",
        )
    if not shutil.which("make"):
        raise ToolError("'make' is not on PATH", remedy="install the system package 'make'")
    return tuple(found)


def run(tool: Tool, board: Path, progress: Progress) -> None:
    """Runs `tool` to its end; `make` leaves out what is there already.

    A design that misses its clock is an outcome like others. Raises ToolError, with the tool's first complaint, for
    anything else that stops it.
    """
    path = board / tool.log
    command = ["make", "-C", str(board), *tool.goals]
    phase = f"{tool.name}: start"
    progress(phase, 0, 1)
    with (
        path.open("w") as log,
        processes.running(command, tool.name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            log.flush()
            if found := PHASE.match(line):
                progress(phase, 1, 1)
                phase = f"{tool.name}: {found['name']}"
            progress(phase, 0, 1)
    progress(phase, 1, 1)
    said = path.read_text(errors="replace").splitlines()
    processes.check(tool.name, process.returncode, "\n".join(said[-100:]))
    if process.returncode and not any(line.startswith(MISSED) for line in said):
        raise ToolError(f"{tool.name} failed: {_complaint(said)}", where=str(path), remedy="the file says more")


def _complaint(said: list[str]) -> str:
    """The first error, or the last words before make's own."""
    errors = [line for line in said if line.startswith("ERROR")]
    words = [line for line in said if line.strip() and not line.startswith("make")]
    return errors[0] if errors else words[-1] if words else "it says nothing"
