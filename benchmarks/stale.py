"""Lists the figures whose sources have changed since they were measured, and makes the cheap ones anew.

    python -m benchmarks.stale [--list]

A figure is cheap if its command took at most CHEAP_SECONDS and names nothing that only you can choose (FILE, FOLDER).
With --list nothing is run. Exit status 1 if a figure is stale in the end.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.record import ALL, FILE, FOLDER, RESULTS, ROOT, Made, digest, made

CHEAP_SECONDS = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="run nothing")
    only_list = parser.parse_args().list
    parts = sum(max(len(made(json.loads(path.read_text()))), 1) for path in RESULTS.glob("*.json"))
    left = 0
    for name, found in stale():
        if found is None:
            print(f"{name}: does not say what it was made from")
        elif only_list or not cheap(found):
            print(f"{name}: {_told(found)}")
        else:
            print(f"{name}: making it anew ...", flush=True)
            if _make(found.command) == 0:
                continue
            print(f"{name}: {found.command} failed")
        left += 1
    print(f"{left} of {parts} results are stale")
    return 1 if left else 0


def stale(folder: Path = RESULTS, root: Path = ROOT) -> Iterator[tuple[str, Made | None]]:
    """Results in `folder`, and parts of them, whose sources under `root` are others now; with how they were made."""
    for path in sorted(folder.glob("*.json")):
        parts = made(json.loads(path.read_text()))
        if not parts:
            yield path.stem, None
        for part, one in parts.items():
            if digest(one.sources, root) != one.digest:
                yield path.stem if part == ALL else f"{path.stem}, {part}", one


def cheap(found: Made) -> bool:
    if found.seconds is None or {FILE, FOLDER} & set(shlex.split(found.command)):
        return False
    return found.seconds <= CHEAP_SECONDS


def _told(found: Made) -> str:
    took = "" if found.seconds is None else f"{found.seconds:,.0f} s, "
    return f"{found.command} ({took}measured at {found.commit})"


def _make(command: str) -> int:
    program, *arguments = shlex.split(command)
    assert program == "python"
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
