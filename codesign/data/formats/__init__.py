"""Formats in which people keep pictures of their own with what they show, one file a format.

Such a file has

    TASKS                         names of the tasks that it serves
    TITLE                         what people call it
    is_here(path, task) -> bool   whether a folder, or a file that lists one, is of that format
    read(path, task) -> Listing   all splits; what cannot be read is among the listing's findings

Written here, not taken from a library: the readers that exist (of supervision, torchvision, Ultralytics) go on where an
annotation is missing or unknown, where here no label may be lost in silence, and bring OpenCV or torchvision along.
"""

from __future__ import annotations

from pathlib import Path

from codesign.data.formats.base import Entry, Listing
from codesign.errors import DataError
from codesign.plugins import load, names

__all__ = ["Entry", "Listing", "formats_in", "read"]


def formats_in(path: Path, task: str) -> list[str]:
    """Formats of a task that a folder is in."""
    found = {name: load(__name__, name) for name in names(__name__)}
    return [name for name, reader in found.items() if task in reader.TASKS and reader.is_here(path, task)]


def read(path: Path, task: str, format: str | None = None) -> Listing:
    """All splits of a folder, or of the file that lists one; format: its name, else it is recognized.

    Raises DataError if the folder is missing, or is of no known format or of several.
    """
    if not path.exists():
        raise DataError("no such data folder", where=str(path), remedy="set data.path, or give --data")
    found = [format] if format else formats_in(path, task)
    if len(found) != 1:
        known = ", ".join(name for name in names(__name__) if task in load(__name__, name).TASKS)
        what = f"holds pictures in several formats ({', '.join(found)})" if found else "is in no known format"
        raise DataError(what, where=str(path), remedy=f"say which it is with data.format: {known}")
    reader = load(__name__, found[0])
    if task not in reader.TASKS:
        raise DataError(
            f"format {found[0]} is for {' and '.join(reader.TASKS)}, not for {task}",
            where="data.format",
            remedy="choose another",
        )
    listing: Listing = reader.read(path, task)
    return listing
