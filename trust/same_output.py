"""Tells whether another version of this code makes the same hardware: SystemVerilog, HLS and schedules of six networks.

    python -m trust.same_output --against FOLDER [--builds FOLDER] [--only NAME ...] [--lines N]

Comments and layout of SystemVerilog do not count: its files are compared symbol by symbol, a statement a line. FOLDER
is a checkout of the other version, with its environment in `.venv`. Each version exports the shipped detector as it was
trained, and the recipes with random weights of their seed. Files that differ are listed, with the first N lines that
do; the exit status is then 1. With --builds the builds are kept, and those of a committed state not made again.
Large networks are scheduled by a solver with a limit of time: repeat what differs there on an idle machine.
"""

from __future__ import annotations

import argparse
import difflib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TRAINED = ("codenet-digits",)
UNTRAINED = ("fashion-binary", "fashion-mobilenet", "codenet-b", "resnet-20", "fashion-resnext")
PARTS = ("schedule.json", "rtl", "hls")


def exported(checkout: Path, network: str, builds: Path) -> Path:
    """The build of `network` by a checkout, below `builds`. Exits with what the export has said if it fails."""
    revision = state(checkout)
    build = builds / revision / network
    if build.is_dir() and not revision.endswith("-dirty"):
        return build
    own = checkout / ".venv" / "bin" / "codesign"
    program = own if own.is_file() else Path(sys.executable).with_name("codesign")
    command = [str(program), "export", network, "--out", str(build)]
    build.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command + ["--random-weights"] * (network in UNTRAINED),
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} in {checkout}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return build


def state(checkout: Path) -> str:
    """The commit, and `-dirty` behind it if a file is changed."""
    command = ["git", "describe", "--always", "--abbrev=12", "--match=", "--dirty"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()


def files(build: Path) -> dict[str, Path]:
    """What is compared of a build, by its name in it."""
    found = (path for part in PARTS for path in (build / part, *sorted((build / part).rglob("*"))))
    return {str(path.relative_to(build)): path for path in found if path.is_file()}


SYMBOL = re.compile(r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\])*"|\\\S+|[\w$']+|\S)""", re.DOTALL)
"""A comment, or one symbol of SystemVerilog: a string, a name, a number, or a sign."""


def lines_of(path: Path) -> list[str]:
    """The lines of a file; of SystemVerilog its statements, without comments and with one blank between symbols."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if path.suffix != ".sv":
        return text.splitlines()
    symbols = " ".join(found[1] for found in SYMBOL.finditer(text) if found[1])
    return re.split(r"(?<=[;,)])\s", symbols)


def differences(present: Path, other: Path, lines: int = 0) -> Iterator[str]:
    """A line for each file that is not the same in two builds, and `lines` of what differs in it."""
    ours, theirs = files(present), files(other)
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            yield f"{name}: only in {'the present' if name in ours else 'the other'} one"
        elif (new := lines_of(ours[name])) != (old := lines_of(theirs[name])):
            told = islice(difflib.unified_diff(old, new, n=0, lineterm=""), 2, None)
            changed = [line for line in told if line[0] in "+-"]
            yield f"{name}: {len(changed)} lines"
            yield from (f"    {line:.200}" for line in islice(changed, lines))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--builds", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=(*TRAINED, *UNTRAINED), default=(*TRAINED, *UNTRAINED))
    parser.add_argument("--lines", type=int, default=4, metavar="N")
    options = parser.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory(prefix="same_output_") as scratch:
        builds = (options.builds or Path(scratch)).resolve()
        for network in options.only:
            pair = exported(ROOT, network, builds), exported(options.against.resolve(), network, builds)
            found = list(differences(*pair, lines=options.lines))
            print(f"{network}: {'differs' if found else f'the same, {len(files(pair[0]))} files'}", flush=True)
            print("".join(f"  {line}\n" for line in found), end="", flush=True)
            worst |= bool(found)
    return worst


if __name__ == "__main__":
    sys.exit(main())
