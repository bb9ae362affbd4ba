"""Verilator's $OBJCACHE for the benches: compiles its run-time library once instead of once a build.

    object_cache.py COMPILER [FLAG...] -c -o OBJECT SOURCE

Objects are kept in `$BENCH_OBJECTS`, by compiler flags; every other file is compiled as asked.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main(command: list[str]) -> int:
    source = Path(command[-1])
    if source.parent != Path(os.environ["VERILATOR_ROOT"], "include") or "-o" not in command:
        return subprocess.call(command)
    target = Path(command[command.index("-o") + 1])
    flags = [part for part in command if not part.startswith("-Wl,")]
    name = hashlib.sha256(" ".join(flags).encode() + source.read_bytes()).hexdigest()[:20]
    kept = Path(os.environ["BENCH_OBJECTS"], f"{source.stem}_{name}.o")
    if not kept.exists():
        status = subprocess.call(command)
        if status:
            return status
        beside = kept.with_suffix(f".{os.getpid()}")
        shutil.copy(target, beside)
        beside.replace(kept)
    shutil.copyfile(kept, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
