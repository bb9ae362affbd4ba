"""Benchmarks find what they measure, and say which sources it is made of."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import benchmarks
import trust
from benchmarks.record import ROOT

MODULES = sorted(
    found.name for of in (benchmarks, trust) for found in pkgutil.walk_packages(of.__path__, f"{of.__name__}.")
)
MADE_LATER = {"build", ".hypothesis"}
"""Folders of the checkout that a clone has not."""


def imported(name: str) -> ModuleType:
    """Skips what an extra brings that is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in ("benchmarks", "codesign", "tests", "trust"):
            raise
        pytest.skip(f"{missing.name} is not installed")


@pytest.mark.parametrize("name", MODULES)
def test_what_a_benchmark_reads_is_there(name: str) -> None:
    module = imported(name)
    places = [value for value in vars(module).values() if isinstance(value, Path) and value.is_relative_to(ROOT)]
    missing = [place for place in places if not place.exists() and place.relative_to(ROOT).parts[0] not in MADE_LATER]
    assert missing == []
    unmatched = [pattern for pattern in getattr(module, "SOURCES", ()) if not any(ROOT.glob(pattern))]
    assert unmatched == []
