"""Verilator's $OBJCACHE for tests: what all designs share is compiled once, cocotb's and the harness's mains too.

    object_cache.py COMPILER [FLAG...] -c -o OBJECT SOURCE

A source that lies outside the build's folder, such as those of Verilator's run-time library, is shared, and optimized
whatever the flags say, since most of a short simulation passes in it. Its object is kept in `$CODESIGN_OBJECTS`, behind
its checksum, by compiler, flags and the text of source and headers; one that is damaged is compiled again. All are
compiled as asked where that folder cannot be written. A source that Verilator has generated is compiled each time, with
the library's header, which is kept precompiled in `$CODESIGN_HEADERS`, 70 MB for each set of flags.
"""

import hashlib
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

INCLUDED = re.compile(rb'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
OPTIMIZED = "-O1"
HEADER = b'#include "verilated.h"\n'


def main(command: list[str]) -> int:
    source = Path(command[-1])
    if "-c" not in command or "-o" not in command:
        return subprocess.call(command)
    if source.parent == Path():
        return subprocess.call([*command[:-1], *_precompiled(command), command[-1]])
    command = [*command[:-1], OPTIMIZED, command[-1]]
    target = Path(command[command.index("-o") + 1])
    text = source.read_bytes()
    kept = Path(os.environ["CODESIGN_OBJECTS"], f"{source.stem}_{_key(command, source.name, source.parent, text)}.o")
    with suppress(OSError):
        checksum, made = (data := kept.read_bytes())[:32], data[32:]
        if hashlib.sha256(made).digest() == checksum:
            target.write_bytes(made)
            return 0
    status = subprocess.call(command)
    if status == 0:
        with suppress(OSError):
            made = target.read_bytes()
            _keep(hashlib.sha256(made).digest() + made, kept)
    return status


def _flags(command: list[str]) -> list[str]:
    """What goes for every source: neither this one nor its object, what the linker is told, or where headers lie."""
    flags = command[1:-1]
    del flags[flags.index("-o") : flags.index("-o") + 2]
    return [flag for flag in flags if flag not in ("-c", "-MMD") and not flag.startswith(("-I", "-Wl,"))]


def _key(command: list[str], name: str, folder: Path, text: bytes) -> str:
    """Names an object by all that it is made from."""
    folders = [Path(flag[2:]) for flag in command if flag.startswith("-I")]
    sha = hashlib.sha256(" ".join([*command[:1], *_flags(command), name]).encode())
    sha.update(subprocess.run([command[0], "--version"], stdout=subprocess.PIPE, check=False).stdout)
    found: dict[Path, bytes] = {}
    _read_headers(text, folder, folders, found)
    for part in (text, *found.values()):
        sha.update(hashlib.sha256(part).digest())
    return sha.hexdigest()[:40]


def _read_headers(text: bytes, beside: Path, folders: list[Path], found: dict[Path, bytes]) -> None:
    """Adds the headers that `text` includes, and those that they include, but for the compiler's own."""
    for match in INCLUDED.finditer(text):
        for folder in (beside, *folders):
            path = folder / os.fsdecode(match[1])
            if path in found:
                break
            if path.is_file():
                found[path] = path.read_bytes()
                _read_headers(found[path], path.parent, folders, found)
                break


def _precompiled(command: list[str]) -> list[str]:
    """Flags that include the header, which is precompiled if it is not yet; none where it cannot be kept, or one is."""
    if "-include" in command:
        return []
    header = Path(os.environ["CODESIGN_HEADERS"], _key(command, "", Path(), HEADER), "precompiled.h")
    made = header.with_name("precompiled.h.gch")
    with suppress(OSError, subprocess.CalledProcessError):
        if not made.exists():
            _keep(HEADER, header)
            beside = made.with_suffix(f".{os.getpid()}")
            folders = [flag for flag in command if flag.startswith("-I")]
            make = [command[0], *_flags(command), *folders, "-x", "c++-header", "-o", str(beside), str(header)]
            subprocess.run(make, check=True)
            beside.replace(made)
        return ["-include", str(header)]
    return []


def _keep(data: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(data)
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
