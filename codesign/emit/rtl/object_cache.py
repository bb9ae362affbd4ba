"""Verilator's $OBJCACHE: compiles its run-time library once instead of once a build.

    object_cache.py COMPILER [FLAG...] -c -o OBJECT SOURCE

Objects are kept in `$CODESIGN_OBJECTS`, behind their checksums, by compiler, flags and source; one that is damaged is
compiled again. Every other file is compiled as asked, and all are where that folder cannot be written.
"""

import hashlib
import os
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
    sha = hashlib.sha256(" ".join(flags).encode())
    sha.update(subprocess.run([command[0], "--version"], stdout=subprocess.PIPE, check=False).stdout)
    included = sorted(Path(__file__).with_name("fst").iterdir())
    for file in (source, source.with_name("verilated_config.h"), *included):
        sha.update(file.read_bytes())
    kept = Path(os.environ["CODESIGN_OBJECTS"], f"{source.stem}_{sha.hexdigest()[:40]}.o")
    with suppress(OSError):
        checksum, made = (data := kept.read_bytes())[:32], data[32:]
        if hashlib.sha256(made).digest() == checksum:
            target.write_bytes(made)
            return 0
    status = subprocess.call(command)
    if status == 0:
        with suppress(OSError):
            _keep(target.read_bytes(), kept)
    return status


def _keep(made: bytes, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_suffix(f".{os.getpid()}")
    beside.write_bytes(hashlib.sha256(made).digest() + made)
    beside.replace(kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
