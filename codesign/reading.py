"""Reads files that others wrote: plain files only, whole ones only, none beyond a stated size.

A path from a recipe, a data set or a command line may lead anywhere. A named pipe would wait for a writer for ever, a
device has no end, and a file of gigabytes fills the memory before anything is known to be wrong with it.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from codesign.errors import CodesignError

MIB = 1 << 20
SETTINGS_BYTES = MIB
"""Largest file that people write by hand: recipes, targets."""
RECORD_BYTES = 64 * MIB
"""Largest file that tells about one image, one training or one build."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_bytes(path: Path, kind: type[CodesignError], *, limit: int = RECORD_BYTES) -> bytes:
    """The file's content.

    Raises FileNotFoundError if there is none, and an error of class `kind`, which names the file, for anything but a
    plain file that can be read, and for one of more than `limit` bytes.
    """
    try:
        # Without O_NONBLOCK, a pipe is waited for before it can be seen to be one.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise kind(f"cannot be read ({_reason(error)})", where=str(path), remedy="restore the file") from error
    try:
        found = os.fstat(handle)
        check_plain(found, path, kind)
    except BaseException:
        os.close(handle)
        raise
    with os.fdopen(handle, "rb") as file:
        if found.st_size <= limit:
            try:
                content = file.read(limit + 1)
            except OSError as error:
                raise kind(f"cannot be read ({_reason(error)})", where=str(path), remedy="restore the file") from error
            if len(content) <= limit:
                return content
    raise kind(f"is larger than {limit / MIB:g} MiB, the most that is read", where=str(path), remedy="split or mend it")


def check_plain(found: os.stat_result, path: Path, kind: type[CodesignError]) -> None:
    """Raises an error of class `kind` unless what was found at `path` is a plain file."""
    if not stat.S_ISREG(found.st_mode):
        what = next((name for test, name in _KINDS if test(found.st_mode)), "no plain file")
        raise kind(f"is {what}, not a file", where=str(path), remedy="put the file there")


def read_text(path: Path, kind: type[CodesignError], *, limit: int = RECORD_BYTES) -> str:
    """The file's text; otherwise as `read_bytes`, and an error of class `kind` if it is not UTF-8."""
    content = read_bytes(path, kind, limit=limit)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise kind(f"is no UTF-8 text ({error.reason} at byte {error.start})", where=str(path)) from error


def read_json(path: Path, kind: type[CodesignError], *, limit: int = RECORD_BYTES) -> Any:
    """The file's JSON value; otherwise as `read_text`, and an error of class `kind` if it is not JSON."""
    try:
        return json.loads(read_text(path, kind, limit=limit))
    except (ValueError, RecursionError) as error:
        raise kind(f"is not JSON ({error})", where=str(path), remedy="restore the file") from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENXIO:
        return "a socket, or a device that is not there"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
