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

from benchmarks.record import FILE, FOLDER, RESULTS, ROOT, Made, digest

CHEAP_SECONDS = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="run nothing")
    only_list = parser.parse_args().list
    left = 0
    for path, made in stale():
        if made is None:
            print(f"{path.stem}: does not say what it was made from")
        elif only_list or not cheap(made):
            print(f"{path.stem}: {made.command} ({made.seconds:,.0f} s)")
        else:
            print(f"{path.stem}: making it anew ...", flush=True)
            if _make(made.command) == 0:
                continue
            print(f"{path.stem}: {made.command} failed")
        left += 1
    print(f"{left} of {len(list(RESULTS.glob('*.json')))} results are stale")
    return 1 if left else 0


def stale(folder: Path = RESULTS, root: Path = ROOT) -> Iterator[tuple[Path, Made | None]]:
    """Results in `folder` whose sources under `root` are others now, with how they were made if they say so."""
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text())
        fields = content.get("made") if isinstance(content, dict) else None
        if fields is None:
            yield path, None
            continue
        made = Made(fields["command"], tuple(fields["sources"]), fields["digest"], fields["seconds"])
        if digest(made.sources, root) != made.digest:
            yield path, made


def cheap(made: Made) -> bool:
    return made.seconds <= CHEAP_SECONDS and not {FILE, FOLDER} & set(shlex.split(made.command))


def _make(command: str) -> int:
    program, *arguments = shlex.split(command)
    assert program == "python"
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
