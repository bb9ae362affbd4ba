"""Figures, and what they depend on: each file of `benchmarks/results` says which sources it was measured on.

A result is an object with a member `made`, which says of each of its parts: the command that makes it, the sources that
it depends on as glob patterns, a digest of these files as they were, the commit they were of, and the seconds that it
took. `python -m benchmarks.stale` compares. Where only some of the figures of a part are measured anew, it is as old as
those that stay.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import subprocess
import sys
import time
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from codesign.files import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
STARTED = time.monotonic()
ALL = "all"
"""The part that is the whole result."""

FILE, FOLDER = "FILE", "FOLDER"
"""What a recorded command names that lies outside the repository."""

SCHEDULER = ("codesign/graph/**/*.py", "codesign/hardware/**/*.py", "codesign/cost/**/*", "codesign/schedule/**/*.py")
"""What decides foldings, cycles and predicted resources."""

RTL = ("rtl_sim/rtl/*.sv", "codesign/emit/rtl/**/*.py", "codesign/emit/rtl/templates/*")
"""What decides the SystemVerilog of a scheduled graph."""

SYNTHESIS = ("rtl_sim/rtl/*.sv", "codesign/synthesis/**/*.py", "codesign/emit/rtl/**/*.py", "codesign/hardware/**/*.py")
"""What decides the resources of a synthesized block."""

EXPORT = ("codesign/frontend/**/*.py", *SCHEDULER, *RTL)
"""What decides the hardware of a trained network."""

TRAINING = ("codesign/nn/**/*.py", "codesign/training/**/*.py", "codesign/data/**/*.py")
"""What decides the weights of a recipe."""


@dataclass(frozen=True)
class Made:
    """How a part of a result came about. seconds: unknown of what was measured before results said so."""

    command: str
    sources: tuple[str, ...]
    digest: str
    commit: str
    seconds: float | None


def save(name: str, figures: Mapping[str, Any], sources: Sequence[str], *, part: str = ALL, whole: bool = True) -> Path:
    """Writes `results/NAME.json`: the figures, and that `part` of them was made now, by the module that is running.

    whole: all of the part was. Otherwise some was there before, and what the file says of how it was made stays.
    """
    path = RESULTS / f"{name}.json"
    content = {**figures, **said(path, sources, part=part, whole=whole)}
    write_text(path, json.dumps(content, indent=1) + "\n")
    return path


def said(path: Path, sources: Sequence[str], *, part: str = ALL, whole: bool = True) -> dict[str, Any]:
    """The member `made` of the result in `path` if `part` of it is made now, as in `save`."""
    parts = made(_read(path)) if path.is_file() else {}
    if whole or part not in parts:
        seconds = round(time.monotonic() - STARTED, 1)
        parts[part] = Made(_command(), tuple(sources), digest(sources), _commit(), seconds)
    return {"made": {name: asdict(one) for name, one in sorted(parts.items())}}


def load(name: str) -> dict[str, Any]:
    """The figures of `results/NAME.json` without `made`; none where there is no such file."""
    path = RESULTS / f"{name}.json"
    return {key: value for key, value in _read(path).items() if key != "made"} if path.is_file() else {}


def fresh(name: str, part: str, sources: Sequence[str]) -> bool:
    """Whether `part` of `results/NAME.json` was made from the sources as they are, so that more rows may join it."""
    path = RESULTS / f"{name}.json"
    found = made(_read(path)).get(part) if path.is_file() else None
    return found is not None and found.digest == digest(sources)


def made(content: Mapping[str, Any]) -> dict[str, Made]:
    """What the content of a result says of its parts; nothing where it says nothing."""
    return {part: Made(**{**one, "sources": tuple(one["sources"])}) for part, one in content.get("made", {}).items()}


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def digest(sources: Sequence[str], root: Path = ROOT) -> str:
    """A digest of the names and contents of all files under `root` that git knows and a pattern matches.

    Comments and docstrings of Python do not count.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.decode()
    names = {name for name in listed.split("\0") if name}
    matched = {str(path.relative_to(root)) for pattern in sources for path in root.glob(pattern)}
    sha = hashlib.sha256()
    for name in sorted(names & matched):
        sha.update(name.encode() + b"\0" + hashlib.sha256(_content((root / name).read_bytes(), name)).digest())
    return sha.hexdigest()[:16]


def folder_digest(folder: Path) -> str:
    """A digest of the names and contents of all files below `folder`: of hardware that is as it was, so are figures."""
    sha = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        sha.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()[:16]


def _content(data: bytes, name: str) -> bytes:
    return _without_prose(data) if name.endswith(".py") else data


@cache
def _without_prose(data: bytes) -> bytes:
    """Python without its comments, docstrings and empty lines."""
    lines = data.decode().splitlines()
    for first, start, last, end in (*_comments(data), *_docstrings(data)):
        before, after = lines[first][:start], lines[last][end:]
        lines[first : last + 1] = [before + after, *[""] * (last - first)]
    return "\n".join(line.rstrip() for line in lines if line.strip()).encode()


def _comments(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """First line and column, last line and column of each, from 0."""
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0] - 1, token.start[1], token.end[0] - 1, token.end[1]


def _docstrings(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The strings that stand alone, as those of comments."""
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            assert node.end_lineno is not None and node.end_col_offset is not None
            yield node.lineno - 1, node.col_offset, node.end_lineno - 1, node.end_col_offset


def _commit() -> str:
    """The commit that is checked out, and `-dirty` behind it if a file is changed; results themselves do not count."""
    command = ["git", "describe", "--always", "--abbrev=12", "--exclude=*"]
    head = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    command = ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results", ":!docs"]
    changed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return f"{head}-dirty" if changed else head


def _command() -> str:
    """The command line of this process, as the documentation would write it."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"python -m {spec.name}" if spec else f"python {Path(sys.argv[0]).name}"
    return " ".join([program, *map(_told, sys.argv[1:])])


def _told(argument: str) -> str:
    """A file or folder that only this machine has goes by its kind, as usage lines have it: it is nobody else's."""
    path = Path(argument)
    if path.exists() and (path.is_absolute() or not _known(path)):
        return FOLDER if path.is_dir() else FILE
    return argument


def _known(path: Path) -> bool:
    command = ["git", "ls-files", "--error-unmatch", str(path.resolve())]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
