"""Runs Yosys (pyosys) in a process of its own, since its errors end the process and its memory is never given back."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codesign import processes
from codesign.errors import ToolError
from codesign.synthesis.utilization import Family

Command = str | tuple[str, ...]
"""A Yosys command as it is typed, or by its words, which may have blanks then, as paths do."""

_CHILD = Path(__file__).with_name("_yosys_process.py")


def flow(family: Family, top: str, *, flatten: bool = True) -> str:
    """The Yosys command that synthesizes `top`, without pads and clock buffers, which belong to the design around it.

    The classic mapper is used: abc9 takes many times as long.
    """
    if family == "xc7":
        return f"synth_xilinx -family xc7 -noiopad -noclkbuf {'-flatten ' if flatten else ''}-top {top}"
    return f"synth_ecp5 -noabc9 {'' if flatten else '-noflatten '}-top {top}"


def version() -> str:
    """Yosys' version. Raises ToolError if it is not installed."""
    require()
    from importlib.metadata import version as installed

    return installed("pyosys")


def require() -> None:
    """Raises ToolError if Yosys is not installed."""
    if importlib.util.find_spec("pyosys") is None:
        raise ToolError("Yosys is not installed", remedy="pip install 'codesign[synth]'")


def share() -> Path:
    """The folder of Yosys' own cell libraries. Raises ToolError if Yosys is not installed."""
    require()
    found = importlib.util.find_spec("pyosys")
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "share"


def run(commands: Sequence[Command], folder: Path) -> str:
    """Runs `commands` one after another in `folder`; returns the log. Raises ToolError with Yosys' own error."""
    require()
    with _plain_temporary_folder() as options:
        done = processes.run([sys.executable, str(_CHILD)], "Yosys", stdin=json.dumps(commands), cwd=folder, **options)
    log = done.stdout + done.stderr
    if done.returncode:
        errors = [line.strip() for line in log.splitlines() if "ERROR" in line or "error:" in line]
        raise ToolError(f"Yosys failed: {errors[0] if errors else f'exit status {done.returncode}'}", where=str(folder))
    return log


@contextmanager
def _plain_temporary_folder() -> Iterator[dict[str, Any]]:
    """Options of a process whose $TMPDIR has no blank, which ABC does not bear."""
    if re.fullmatch(r"[\w./+-]+", tempfile.gettempdir()):
        yield {}
        return
    handle = os.open(tempfile.gettempdir(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield {"pass_fds": (handle,), "env": {**os.environ, "TMPDIR": f"/proc/self/fd/{handle}"}}
    finally:
        os.close(handle)


def cells(stat_file: Path, module: str | None = None) -> dict[str, int]:
    """Numbers of cells by type from what `stat -json` has written: of `module` and all below it, or of the design."""
    stat = json.loads(stat_file.read_text())
    if module is None:
        return dict(stat["design"]["num_cells_by_type"])
    total: Counter[str] = Counter()
    for name, number in stat["modules"][f"\\{module}"]["num_cells_by_type"].items():
        below = cells(stat_file, name) if f"\\{name}" in stat["modules"] else {name: 1}
        total.update({kind: number * each for kind, each in below.items()})
    return dict(total)
