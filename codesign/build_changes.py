"""What has changed in a build folder since it was exported, by its manifest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any

from codesign.errors import BuildError

MANIFEST = "manifest.json"

MADE_LATER = (
    *("report.json", "report.html", "detections.png", "verify.json", "synth.json", "vendor.json"),
    *("*.fst", "*.saif", "bitstream/*", "board/build/*", "board/*.log", "board/.Xil/*"),
    *("board/*/design.bit", "board/*/design.hwh", "board/*/design.xsa", "board/*/verdict.json", "driver/verdict.json"),
)
"""What commands, and the vendor's tools, write into a build, or write anew. No command takes a design from these."""

NAMED = 3
"""So many files of a kind are told by name."""


@dataclass(frozen=True)
class Changes:
    """Files by their place in the build folder: of other contents than exported, gone, or put there by somebody."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return any((self.changed, self.missing, self.extra))

    def __str__(self) -> str:
        kinds = {"changed": self.changed, "missing": self.missing, "extra": self.extra}
        return "; ".join(f"{kind}: {_some(names)}" for kind, names in kinds.items() if names)


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every exported file by its place in the folder: what the manifest holds as `files`."""
    return {name: sha256(folder / name) for name in _files(folder) if not _made_later(name)}


def changes(folder: Path, manifest: Mapping[str, Any]) -> Changes:
    """Compares the folder with its manifest. Raises BuildError if that does not list files and their hashes."""
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not all(
        _is_place(name) and isinstance(sha, str) for name, sha in listed.items()
    ):
        raise BuildError("it does not list the build's files", where=str(folder / MANIFEST), remedy="export again")
    exported = {name: sha for name, sha in listed.items() if not _made_later(name)}
    there = set(_files(folder))
    changed = tuple(name for name, sha in exported.items() if name in there and sha256(folder / name) != sha)
    missing = tuple(name for name in exported if name not in there)
    extra = tuple(sorted(name for name in there - exported.keys() if name != MANIFEST and not _made_later(name)))
    return Changes(changed, missing, extra)


def sha256(file: Path) -> str:
    """The digest of a file's contents; there is none of what is no file: a pipe could be read for ever."""
    if not stat.S_ISREG(file.stat().st_mode):
        return ""
    with file.open("rb") as contents:
        return hashlib.file_digest(contents, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[str]:
    """Everything but folders. A link to a folder counts as a file: what lies behind it is not of the build."""
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted((*files, *links)):
            yield (Path(place) / name).relative_to(folder).as_posix()


def _made_later(name: str) -> bool:
    """Names at the top that begin with a dot are what an editor, a file manager, or an older codesign leaves."""
    return name.startswith(".") or any(fnmatch(name, pattern) for pattern in MADE_LATER)


def _is_place(name: object) -> bool:
    return isinstance(name, str) and not PurePath(name).is_absolute() and ".." not in PurePath(name).parts
