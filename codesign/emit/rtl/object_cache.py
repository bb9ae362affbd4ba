"""Verilator's $OBJCACHE: compiles its run-time library once instead of once a build.

    object_cache.py COMPILER [FLAG...] -c -o OBJECT SOURCE

Objects are kept in `$CODESIGN_OBJECTS`, by compiler flags and source; every other file is compiled as asked, and all
are where that folder cannot be written.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def main(command: list[str]) -> int:
    source = Path(command[-1])
    if source.parent != Path(os.environ["VERILATOR_ROOT"], "include") or "-o" not in command:
        return subprocess.call(command)
    target = Path(command[command.index("-o") + 1])
    flags = [part for part in command if not part.startswith("-Wl,") and part != str(target)]
    version = source.with_name("verilated_config.h").read_bytes()
    name = hashlib.sha256(" ".join(flags).encode() + version + source.read_bytes()).hexdigest()[:20]
    kept = Path(os.environ["CODESIGN_OBJECTS"], f"{source.stem}_{name}.o")
    with suppress(OSError):
        shutil.copyfile(kept, target)
        return 0
    status = subprocess.call(command)
    if status == 0:
        with suppress(OSError):
            _keep(target, kept)
    return status


def _keep(made: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_suffix(f".{os.getpid()}")
    shutil.copyfile(made, beside)
    beside.replace(kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
