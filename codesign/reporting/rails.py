"""Lays the network out as rows with rails, as version-control logs draw histories.

Each unit is a row; every stream that is still to be read runs as a vertical rail beside the rows, and bends into the
unit that reads it. This stays legible for any depth, and on a narrow screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.reporting.summary import Unit


@dataclass(frozen=True)
class Row:
    """A unit on rail `rail`. passing: rails that run through; entering: those it reads; leaving: those it writes."""

    unit: Unit
    rail: int
    passing: tuple[int, ...]
    entering: tuple[int, ...]
    leaving: tuple[int, ...]


def rows(units: Sequence[Unit], source: str) -> tuple[Row, ...]:
    """The rows from top to bottom, branches kept together. `source` is the network's input."""
    readers = _readers(units)
    rails: list[str | None] = [source]
    left = {name: len(found) for name, found in readers.items()}
    found = []
    for unit in _branch_by_branch(units, source):
        entering = tuple(rails.index(name) for name in unit.inputs)
        for name in unit.inputs:
            left[name] -= 1
            if not left[name]:
                rails[rails.index(name)] = None
        passing = tuple(index for index, name in enumerate(rails) if name is not None)
        ended = [index for index in entering if rails[index] is None]
        rail = min(ended) if ended else _free(rails, entering[0])
        leaving = []
        for output in unit.outputs:
            if left.get(output.name):
                place = rail if rails[rail] is None else _free(rails, rail)
                rails[place] = output.name
                leaving.append(place)
        found.append(Row(unit, rail, passing, entering, tuple(leaving)))
    return tuple(found)


def width(found: Sequence[Row]) -> int:
    """Rails side by side."""
    return 1 + max(max((row.rail, *row.passing, *row.entering, *row.leaving)) for row in found)


def _readers(units: Sequence[Unit]) -> dict[str, list[Unit]]:
    readers: dict[str, list[Unit]] = {}
    for unit in units:
        for name in unit.inputs:
            readers.setdefault(name, []).append(unit)
    return readers


def _free(rails: list[str | None], near: int) -> int:
    """The first empty rail right of `near`, made if there is none."""
    for index in range(near + 1, len(rails)):
        if rails[index] is None:
            return index
    rails.append(None)
    return len(rails) - 1


def _branch_by_branch(units: Sequence[Unit], source: str) -> list[Unit]:
    """Topological order that follows a branch to its end before it begins the next."""
    waiting = {unit.name: set(unit.inputs) - {source} for unit in units}
    readers = _readers(units)
    ready = [unit for unit in reversed(units) if not waiting[unit.name]]
    ordered: list[Unit] = []
    while ready:
        unit = ready.pop()
        ordered.append(unit)
        released = []
        for output in unit.outputs:
            for reader in readers.get(output.name, ()):
                if output.name in waiting[reader.name]:
                    waiting[reader.name].discard(output.name)
                    if not waiting[reader.name]:
                        released.append(reader)
        ready.extend(reversed(released))
    return ordered
