"""What `pip install` of the package takes on the disk, alone and with the extra `train`, in environments of their own.

    python -m benchmarks.installation.size                     # writes results/installation.json and README's passage
    python -m benchmarks.installation.size --torch "torch"     # pip's options for PyTorch, which comes first

PyTorch is the CPU build unless `--torch` says otherwise. Needs pip's index, and some GB in the temporary folder.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import tarfile
import tempfile
import textwrap
import venv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.pages.passages import fill

TORCH = "torch==2.13.0"
"""A version whose CPU build is on PyTorch's own index, or in a folder that PIP_FIND_LINKS names."""

EXTRAS = {"codesign": "", "codesign[train]": "[train]"}
SOURCES = ("pyproject.toml", "setup.py")
BEGIN, END = "<!-- size: benchmarks/installation/size.py -->\n", "<!-- end of size -->\n"
MIB = 1 << 20


@dataclass(frozen=True)
class Size:
    """What an environment takes, pip and setuptools left out. largest: packages of most MiB."""

    mib: int
    packages: int
    largest: dict[str, int]
    help_seconds: float


def measure(extra: str, torch: str, folder: Path) -> Size:
    """Installs the last commit with an extra into a new environment, and weighs it."""
    source, environment = folder / "source", folder / "env"
    _check_out(source)
    venv.create(environment, with_pip=True)
    if extra:
        _pip(environment, *shlex.split(torch))
    _pip(environment, f"{source}{extra}")
    _pip(environment, "uninstall", "--yes", "pip", "setuptools", verb=())
    (packages,) = environment.glob("lib/python*/site-packages")
    weights = {place.name: _weight(place) for place in packages.iterdir()}
    heaviest = sorted((name for name in weights if "." not in name), key=lambda name: -weights[name])[:5]
    return Size(
        mib=round(sum(weights.values()) / MIB),
        packages=len(list(packages.glob("*.dist-info"))),
        largest={name: round(weights[name] / MIB) for name in heaviest},
        help_seconds=_help_seconds(environment),
    )


def _check_out(folder: Path) -> None:
    archive = folder.with_suffix(".tar")
    subprocess.run(["git", "archive", "--output", str(archive), "HEAD"], cwd=record.ROOT, check=True)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")


def _pip(environment: Path, *arguments: str, verb: tuple[str, ...] = ("install", "--no-compile")) -> None:
    subprocess.run([str(environment / "bin" / "python"), "-m", "pip", "--quiet", *verb, *arguments], check=True)


def _weight(place: Path) -> int:
    """Bytes of a file, or of a folder's files, without compiled Python, which is made at the first run."""
    files = [place] if place.is_file() else [file for file in place.rglob("*") if "__pycache__" not in file.parts]
    return sum(file.lstat().st_size for file in files if file.is_file())


def _help_seconds(environment: Path) -> float:
    """Processor time of `codesign --help`, when Python has compiled its files."""
    command = [str(environment / "bin" / "codesign"), "--help"]
    subprocess.run(command, check=True, capture_output=True)
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return round(after.children_user + after.children_system - before.children_user - before.children_system, 2)


def passage(figures: dict[str, dict[str, Any]]) -> str:
    """The figures in words."""
    told = (f"`{name}` takes {size['mib']:,} MiB in {size['packages']} packages" for name, size in figures.items())
    text = f"{', '.join(told)}, PyTorch being its CPU build (by `python -m benchmarks.installation.size`)."
    return textwrap.fill(text, 120, break_on_hyphens=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", default=TORCH)
    torch = parser.parse_args().torch
    figures = {}
    for name, extra in EXTRAS.items():
        with tempfile.TemporaryDirectory(prefix="codesign_size_") as scratch:
            figures[name] = asdict(measure(extra, torch, Path(scratch)))
        print(name, figures[name], flush=True)
    record.save("installation", {"torch": torch, "sizes": figures}, SOURCES)
    fill(record.ROOT / "README.md", BEGIN, END, passage(figures))


if __name__ == "__main__":
    main()
