"""The fitted numbers of the prices, out of `coefficients.yaml`, which `benchmarks/cost/fit.py` makes.

A section of the file is what one formula multiplies by; the formula declares its names as a NamedTuple of floats:

    class Control(NamedTuple):
        fixed: float
        counter_bit: float

    luts = coefficients("mvu.control", Control)

Structural numbers, such as the words that a look-up table holds, are no coefficients and stand in the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import ParamSpec, TypeVar

import yaml

FILE = Path(__file__).with_name("coefficients.yaml")

Names = TypeVar("Names", bound=tuple[float, ...])
Given = ParamSpec("Given")
Found = TypeVar("Found")

_replaced: dict[str, float] = {}
_forget: list[Callable[[], None]] = []


@dataclass(frozen=True)
class Coefficient:
    """A fitted number in `unit`, such as LUT, for each of what `meaning` says.

    prior: what was known of it before the blocks that it is fitted to. signed: whether it may be negative.
    """

    value: float
    prior: float
    unit: str
    meaning: str
    signed: bool = False


@cache
def stored() -> Mapping[str, Coefficient]:
    """Every coefficient of the file by "section.name"."""
    sections = yaml.safe_load(FILE.read_text())["sections"]
    return {
        f"{section}.{name}": Coefficient(**entry)
        for section, found in sections.items()
        for name, entry in found["coefficients"].items()
    }


def coefficients(section: str, names: type[Names]) -> Names:
    """The values of a section, as the NamedTuple that its formula asks for.

    Raises KeyError if the section lacks one of the names.
    """
    return names(*_values(section, names._fields))  # type: ignore[arg-type, attr-defined]


def remembered(maxsize: int | None = None) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """As `functools.lru_cache`, for functions of coefficients: `replaced` empties what they remember."""

    def wrap(function: Callable[Given, Found]) -> Callable[Given, Found]:
        remembering = lru_cache(maxsize)(function)
        _forget.append(remembering.cache_clear)
        return remembering  # type: ignore[return-value]

    return wrap


@remembered()
def _values(section: str, fields: tuple[str, ...]) -> tuple[float, ...]:
    keys = [f"{section}.{field}" for field in fields]
    return tuple(_replaced.get(key, stored()[key].value) for key in keys)


def signed() -> frozenset[str]:
    """Names of the coefficients that may be negative: corrections of others."""
    return frozenset(name for name, found in stored().items() if found.signed)


@contextmanager
def replaced(values: Mapping[str, float]) -> Iterator[None]:
    """Other values in place of the file's, by "section.name", for as long as the context lasts: what a fit tries."""
    before = dict(_replaced)
    _replaced.update(values)
    _forget_all()
    try:
        yield
    finally:
        _replaced.clear()
        _replaced.update(before)
        _forget_all()


def _forget_all() -> None:
    for forget in _forget:
        forget()
