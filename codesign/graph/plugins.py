"""Finds an operator's part by name: `X` lives in `<package>/x.py`, in every package alike.

This is why a new operator needs new files only, and no edit to a central switch.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from codesign.errors import GraphError


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the parts in `package`, without private modules and shared bases."""
    path = importlib.import_module(package).__path__
    return tuple(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_") and m.name != "base")


@cache
def load(package: str, kind: str) -> ModuleType:
    """The module of operator `kind` in `package`; GraphError if that package does not know the operator."""
    if kind not in names(package):
        raise GraphError(
            f"operator '{kind}' has no part in {package}", remedy=f"known there: {', '.join(names(package))}"
        )
    return importlib.import_module(f"{package}.{kind}")
