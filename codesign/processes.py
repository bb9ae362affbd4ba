"""Programs that we run: each ends when we do, with all that it has started, and how it ended is told in words."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from codesign.errors import ToolError

PATIENCE_S = 5
"""So long a program may take to clear up after itself once it is asked to end."""

OUT_OF_MEMORY = re.compile(
    r"out of memory|cannot allocate memory|bad_alloc|MemoryError|memory exhausted|Killed signal terminated|\bKilled\b",
    re.IGNORECASE,
)
DISK_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|disk is full|problem writing element|requested and \d+ written",
    re.IGNORECASE,
)

LEAST_ROOM = 1 << 16
"""A disk with fewer bytes of room is full."""

_running: set[subprocess.Popen[str]] = set()


def run(command: Sequence[str], what: str, *, stdin: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and returns what it printed.

    what: it, in words. stdin: what it reads. options: those of Popen. Raises ToolError if it cannot be started, if it
    wanted memory or room on the disk, or if it was killed; any other status is the caller's to judge.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with running(command, what, **pipes, **options) as process:
        printed, errors = process.communicate(stdin)
    check(what, process.returncode, errors + printed, Path(options.get("cwd") or "."))
    return subprocess.CompletedProcess(command, process.returncode, printed, errors)


@contextmanager
def running(command: Sequence[str], what: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program that has ended when the block ends: by itself, or, after an exception, because it was told to.

    Raises ToolError if it cannot be started.
    """
    options = {"stdin": subprocess.DEVNULL, "text": True, "errors": "replace", **options}
    try:
        process = subprocess.Popen(command, process_group=0, **options)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ToolError(f"{what} cannot be run ({why})", where=str(command[0])) from None
    _running.add(process)
    try:
        with process:
            try:
                yield process
            except BaseException:
                _end(process)
                raise
    finally:
        _running.discard(process)


def end_all() -> None:
    """Asks all that runs to end, whichever thread waits for it."""
    for process in tuple(_running):
        _signal(process, signal.SIGTERM)


def check(what: str, status: int, said: str, *folders: Path) -> None:
    """Raises ToolError if a program ended for want of memory or room on the disk, or was killed.

    folders: where it wrote, besides that for temporary files.
    """
    if not status:
        return
    check_room(what, *folders)
    if DISK_FULL.search(said):
        raise _no_room(what)
    if status == -signal.SIGKILL or OUT_OF_MEMORY.search(said):
        raise ToolError(f"{what} ran out of memory", remedy="end other programs, or use a machine with more memory")
    if status in (-signal.SIGTERM, -signal.SIGINT):
        raise ToolError(f"{what} was stopped", remedy="run the command again")


def check_room(what: str, *folders: Path) -> None:
    """Raises ToolError if the disk of a folder, or of that for temporary files, is full: few programs say so."""
    for folder in (*folders, Path(tempfile.gettempdir())):
        with suppress(OSError):
            room = os.statvfs(folder)
            if room.f_bavail * room.f_frsize < LEAST_ROOM:
                raise _no_room(what, str(folder))


def _no_room(what: str, where: str = "") -> ToolError:
    remedy = "make room, or name a roomier folder in TMPDIR or CODESIGN_CACHE"
    return ToolError(f"{what} found no room on the disk", where=where, remedy=remedy)


def _end(process: subprocess.Popen[str]) -> None:
    _signal(process, signal.SIGTERM)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
