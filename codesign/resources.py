"""Folders that ship with the package: recipes, operator libraries, boards; and the user's cache.

In a checkout `models/`, `hls/` and `rtl_sim/rtl/` lie beside the package; in an installed wheel they lie inside it
(`setup.py` maps them).
"""

import os
from pathlib import Path

from codesign.errors import CacheError
from codesign.plugins import OPERATORS, outside_folders

_PACKAGE = Path(__file__).resolve().parent


def _shipped(installed: str, checkout: str) -> Path:
    inside = _PACKAGE / installed
    return inside if inside.is_dir() else _PACKAGE.parent / checkout


def models_dir() -> Path:
    """Recipes (`NAME.yaml`) and trained runs (`NAME/`)."""
    return _shipped("models", "models")


def hls_dir() -> Path:
    """C++ operator headers for hls4ml projects."""
    return _shipped("hls", "hls")


def rtl_dir() -> Path:
    """SystemVerilog operator library."""
    return _shipped("rtl", "rtl_sim/rtl")


def cache_dir() -> Path:
    """Where what can be made again is kept: `$CODESIGN_CACHE`, or else `~/.cache/codesign`."""
    return Path(os.environ.get("CODESIGN_CACHE") or Path.home() / ".cache" / "codesign")


def cache_folder(part: str) -> Path:
    """A folder of the cache, made if it is not there. Raises CacheError if it cannot be."""
    try:
        folder = cache_dir() / part
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        why = error.strerror if isinstance(error, OSError) else str(error)
        where = os.environ.get("CODESIGN_CACHE") or "~/.cache/codesign"
        remedy = "name a folder that can be written in the environment variable CODESIGN_CACHE"
        raise CacheError(f"the cache cannot be made there ({why})", where=where, remedy=remedy) from None
    return folder


def source_files() -> list[Path]:
    """Every source file that decides what a build holds: Python, SystemVerilog, C++, templates, boards."""
    folders = (_PACKAGE, hls_dir(), rtl_dir(), *outside_folders(OPERATORS.group))
    suffixes = (".py", ".sv", ".h", ".cpp", ".j2", ".yaml")
    return sorted({file for folder in folders for file in folder.rglob("*") if file.suffix in suffixes})
