"""Compiled simulators: kept in the user's cache, each under a hash of all that it was made from.

They are code that runs with the user's rights. None is ever taken from a build folder, which may be a stranger's.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from codesign import processes
from codesign.errors import ToolError
from codesign.files import claimed, sync, told_of
from codesign.resources import cache_folder

PROGRAM, MARKER = "simulator", "sha256"
LIMIT_BYTES = 4 << 30
"""What all simulators may take together; those used least recently go."""

REST_S = 3600
"""A simulator used so few seconds ago may be about to run, and stays."""


def fingerprint(*parts: str | bytes) -> str:
    """A hash of all `parts`, in their order, of the machine's kind and of the C++ compiler's version."""
    sha = hashlib.sha256()
    for part in (platform.machine(), compiler_version(), *parts):
        data = part.encode() if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()[:40]


def contents(files: Iterable[tuple[str, Path]]) -> list[bytes]:
    """Names and contents of files, for a fingerprint."""
    return [part for name, file in files for part in (name.encode(), file.read_bytes())]


def compiler_version() -> str:
    """What g++ says of itself. Raises ToolError if there is none."""
    compiler = shutil.which("g++")
    if compiler is None:
        raise ToolError("there is no C++ compiler: 'g++' is not on PATH", remedy="install the system package 'g++'")
    return _version(compiler)


@cache
def _version(compiler: str) -> str:
    return processes.run([compiler, "--version"], "g++").stdout


def simulator(name: str, compile_in: Callable[[Path], Path], folder: Path | None = None) -> tuple[Path, float]:
    """The program of that name, and the seconds that its compilation took, 0 if it was there already.

    name: with the hash of all that it is made from. compile_in: is given an empty folder, and returns the program that
    it has made there. folder: where simulators are kept (default: `simulators` in the user's cache). A program that is
    not, to the bit, what was once compiled under this name is made anew. Raises what `compile_in` does, and a
    CodesignError if the folder cannot be written.
    """
    folder = cache_folder("simulators") if folder is None else folder
    place = folder / name
    if _whole(place):
        return place / PROGRAM, 0.0
    folder.mkdir(parents=True, exist_ok=True)
    with claimed(place, wait=True):
        if _whole(place):
            return place / PROGRAM, 0.0
        started = time.perf_counter()
        scratch = folder / f".{name}"
        _remove(scratch)
        scratch.mkdir()
        try:
            with told_of(scratch, folder):
                _keep(compile_in(scratch), place, scratch / "kept")
        finally:
            _remove(scratch)
        seconds = time.perf_counter() - started
    _forget_oldest(folder)
    return place / PROGRAM, seconds


def _whole(place: Path) -> bool:
    """Whether the program is there, can be run, and is what was compiled; notes that it is used."""
    program, marker = place / PROGRAM, place / MARKER
    try:
        whole = os.access(program, os.X_OK) and marker.read_bytes() == _digest(program)
    except OSError:
        return False
    if whole:
        with suppress(OSError):  # another's cache, or a read-only one, serves as well
            os.utime(place)
    return whole


def _digest(program: Path) -> bytes:
    return hashlib.sha256(program.read_bytes()).hexdigest().encode()


def _keep(program: Path, place: Path, beside: Path) -> None:
    """Puts the program and its checksum in their place in one step."""
    beside.mkdir()
    program.replace(beside / PROGRAM)
    (beside / MARKER).write_bytes(_digest(beside / PROGRAM))
    for path in (beside / PROGRAM, beside / MARKER, beside):
        sync(path)
    _remove(place)
    beside.replace(place)


def _forget_oldest(folder: Path) -> None:
    """Removes the simulators that were used least recently, until all of them take LIMIT_BYTES at most."""
    used: list[tuple[float, Path, int]] = []
    for program in folder.glob(f"*/{PROGRAM}"):
        with suppress(OSError):
            used.append((program.parent.stat().st_mtime, program.parent, program.stat().st_size))
    total = sum(size for _, _, size in used)
    for moment, place, size in sorted(used):
        if total <= LIMIT_BYTES or moment > time.time() - REST_S:
            return
        with claimed(place, wait=True):
            _remove(place)
        total -= size


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
