"""Figures, and what they depend on: each file of `benchmarks/results` says which sources it was measured on.

A result is an object with a member `made`: the command that makes it, the sources that it depends on as glob patterns,
a digest of these files as they were, and the seconds that it took. `python -m benchmarks.stale` compares. Where only
some of the figures are measured anew, the result is as old as those that stay.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from codesign.files import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
STARTED = time.monotonic()
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
    """How a result came about."""

    command: str
    sources: tuple[str, ...]
    digest: str
    seconds: float


def save(name: str, figures: Mapping[str, Any], sources: Sequence[str], *, whole: bool = True) -> Path:
    """Writes `results/NAME.json`: the figures, and that they were made now, by the module that is running.

    whole: all of them were. Otherwise some were there before, and what the file says of how it was made stays.
    """
    path = RESULTS / f"{name}.json"
    made = asdict(Made(_command(), tuple(sources), digest(sources), round(time.monotonic() - STARTED, 1)))
    said = {"made": made} if whole or not path.is_file() else {k: v for k, v in _read(path).items() if k == "made"}
    write_text(path, json.dumps({**figures, **said}, indent=1) + "\n")
    return path


def load(name: str) -> dict[str, Any]:
    """The figures of `results/NAME.json` without `made`; none where there is no such file."""
    path = RESULTS / f"{name}.json"
    return {key: value for key, value in _read(path).items() if key != "made"} if path.is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def digest(sources: Sequence[str], root: Path = ROOT) -> str:
    """A digest of the names and contents of all files under `root` that git knows and a pattern matches."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.decode()
    names = {name for name in listed.split("\0") if name}
    matched = {str(path.relative_to(root)) for pattern in sources for path in root.glob(pattern)}
    sha = hashlib.sha256()
    for name in sorted(names & matched):
        sha.update(name.encode() + b"\0" + hashlib.sha256((root / name).read_bytes()).digest())
    return sha.hexdigest()[:16]


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
