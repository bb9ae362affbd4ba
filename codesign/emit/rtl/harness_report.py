"""Runs a compiled simulation and reads what it prints, as `harness/network.cpp` has it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codesign import processes
from codesign.emit.rtl.project import RtlProject
from codesign.errors import ToolError

WORDS = ("frame", "frames", "state", "stalls", "violation", "register", "deadlock", "stopped", "cycles")
"""Those with which lines of the harness begin."""

_MESSAGE = re.compile(r"%(?:Error|Fatal): ([^:]+:\d+): (.*)")
"""What an assertion, `$error` or `$fatal`, says, as Verilator prints it."""


@dataclass(eq=False)
class Report:
    """What the harness has printed.

    stop: the word for its early end, if any. streams: numbers by keyword and stream. messages: the design's own.
    """

    cycles: int = 0
    stop: str | None = None
    streams: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    violations: list[list[int]] = field(default_factory=list)
    registers: list[list[int]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Takes in a line; what is none of the harness's lines is a message if it tells of an error."""
        word, *numbers = line.split() or [""]
        if word not in WORDS:
            if "%Error" in line or "%Fatal" in line:
                self.messages.append(line.strip())
            return
        values = [int(number) for number in numbers]
        if word in ("deadlock", "stopped"):
            self.stop = word
        if word in ("deadlock", "stopped", "cycles"):
            self.cycles = values[0]
        elif word in ("frames", "state", "stalls"):
            self.streams[word, values[0]] = values[1:]
        elif word != "frame":
            (self.violations if word == "violation" else self.registers).append(values)


def run_harness(
    binary: Path,
    run: Path,
    project: RtlProject,
    on_frame: Callable[[int], None] | None = None,
    plusargs: Sequence[str] = (),
) -> Report:
    """Runs the simulation that the file `run` of `write_run` tells of.

    on_frame: called with the number of frames that have left the design. plusargs: `+name` or `+name=value`, for the
    design's `$test$plusargs` and `$value$plusargs`. Raises ToolError if the harness itself fails; a design that stands
    still, or that an assertion stops, does not make it fail.
    """
    report = Report()
    log = run.with_suffix(".log")
    command = [str(binary.resolve()), f"../{run.name}", *plusargs]
    with (
        log.open("w+") as errors,
        processes.running(
            command, "the simulation", cwd=run.parent / "project", stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        for line in process.stdout or ():
            report.add(line)
            if on_frame is not None and line.startswith("frame "):
                on_frame(int(line.split()[1]))
    said = log.read_text(errors="replace").strip()
    processes.check("the simulation", process.returncode, said, run.parent)
    if not report.cycles or (process.returncode and report.stop is None):
        last = said.splitlines()[-1] if said else f"status {process.returncode}"
        raise ToolError(f"the simulation failed: {last}", where=str(project.folder))
    return report


def why_stopped(report: Report, project: RtlProject) -> str:
    """The assertion that has failed; or the streams that stand still: offered but not taken, and, in front of idle
    readers, not offered."""
    if report.stop == "stopped":
        return f"stopped at cycle {report.cycles}, {assertion(report.messages[0]) if report.messages else '$finish'}"
    blocked, starved = [], []
    for stream in (*project.tensors, *project.outputs):
        valid, ready, beats = report.streams["state", stream.id]
        if valid and not ready:
            blocked.append(f"{stream.tensor} ({beats} beats)")
        elif ready and not valid:
            starved.append(f"{stream.tensor} ({beats} beats)")
    return (
        f"deadlock at cycle {report.cycles}; offered and not taken: {', '.join(blocked) or 'none'}; "
        f"awaited: {', '.join(starved) or 'none'}"
    )


def assertion(message: str) -> str:
    """Where and what, from Verilator's message of an assertion, or of `$error` or `$fatal`, that names the instance."""
    found = _MESSAGE.search(message)
    if found is None:
        return message
    where, text = found.groups()
    for noise in ("Assertion failed in ", "TOP."):
        text = text.replace(noise, "")
    instance, _, said = text.partition(": ")
    return f"{where}, {said if said.startswith(instance) else text}"
