"""Names: which ones a graph may have, and the identifiers that they are in every generated file.

A file's own names are arbitrary text. The front end makes names of them with `plain` and `Names`; a `Graph` takes no
others. Whatever prints a name into a source calls `identifier`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from codesign.errors import GraphError
from codesign.graph._reserved import RESERVED

MOST_CHARACTERS = 96
"""The longest identifier. With what is put around it, it still fits into a file's name and any tool's limits."""

LONGEST_NAME = 1000
"""Characters of a graph's name; what `Graph.origins` and `Graph.titles` tell of the file may be longer."""

_LONGEST_MADE = 900
"""Characters of a new name, so that there is room for numbers behind it."""

_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN_BY_TOOLS = re.compile(r"(config|layer)\d+(_[^_].*)?|.+_[a-z]+_t")
"""hls4ml's structs and streams, the types of its weights and sums."""

_OUTSIDE = re.compile(r"[sm]_axi|[A-Z0-9_]+_H_*$")
"""The ports of `top` and the wires behind them; the macros, `<NAME>_H`, that keep C++ headers from being read twice."""

_BEFORE, _DIGEST = "n_", 8

_SIGNALS = ("", "_valid", "_ready", "_data", "_probe")
"""What stands behind the name of a tensor, or nothing, in the scope where the blocks' names stand too."""


def identifier(text: str) -> str:
    """Any text as an identifier of SystemVerilog, C++, Tcl and Python at once; the same for the same text.

    Dots become two underscores, whatever else no identifier may have becomes one; a reserved word gets one behind it.
    It has at most MOST_CHARACTERS, the last of a longer one are of a hash of the text. Two texts may have the same
    identifier: within a graph `Names` tells them apart.
    """
    found = plain(text).replace(".", "__")
    found = _shortened(found, text, MOST_CHARACTERS - len(_BEFORE))
    if found in RESERVED or _TAKEN_BY_TOOLS.fullmatch(found):
        return f"{found}_"
    return found if found[0].isalpha() and not _OUTSIDE.match(found) else f"{_BEFORE}{found}"


def is_identifier(text: object) -> bool:
    """Whether `text` has none but an identifier's characters."""
    return isinstance(text, str) and _IDENTIFIER.fullmatch(text) is not None


def plain(text: str) -> str:
    """Any text as a name that a graph may have; such names stay as they are, and of a longer text a hash is the end."""
    if _NAME.fullmatch(text) and len(text) <= LONGEST_NAME:
        return text
    parts = (re.sub(r"[^A-Za-z0-9]+", "_", part).strip("_") for part in text.split("."))
    return _shortened(".".join(filter(None, parts)) or "x", text, LONGEST_NAME)


def _shortened(name: str, text: str, most: int) -> str:
    """`name` in at most so many characters, the last of which are of a hash of `text` if it has more."""
    if len(name) <= most:
        return name
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGEST]
    return f"{name[: most - 1 - _DIGEST]}_{digest}"


class Names:
    """The names of one graph while it is made: no two of them, nor the signals behind them, have the same identifier.

    Upper and lower case count as the same, as they do in the names of files, and where hls4ml looks layers up.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, text: str, outputs: int = 1) -> str:
        """`text` as a name, numbered if it, or the name of one of its output tensors, cannot be told from others."""
        wanted = candidate = _shortened(plain(text), text, _LONGEST_MADE)
        count = 0
        while not self.take(candidate, outputs):
            count += 1
            candidate = f"{wanted}_{count}"
        return candidate

    def take(self, name: str, outputs: int = 1) -> bool:
        """Enters `name`, and its output tensors `name.0`, `name.1` if there are several; False if one is taken."""
        tensors = [f"{name}.{i}" for i in range(outputs)] if outputs > 1 else []
        signals = {signal for each in (name, *tensors) for signal in _signals(each)}
        if not self._taken.isdisjoint(signals):
            return False
        self._taken |= signals
        return True


class Scope:
    """The names of a whole graph in a source, and what else is free there."""

    def __init__(self, names: Iterable[str]) -> None:
        self._taken = {signal for name in names for signal in _signals(name)}

    def free(self, wanted: str) -> str:
        """`wanted`, with underscores behind it as long as it, or a signal of that name, is one of the graph's."""
        while not self._taken.isdisjoint(_spread(wanted)):
            wanted += "_"
        return wanted


def check(inputs: Sequence[str], nodes: Sequence[tuple[str, int]]) -> None:
    """Raises GraphError for a name that is none, or that cannot be told from another. nodes: with their outputs."""
    names = Names()
    for name, outputs in [*((name, 1) for name in inputs), *nodes]:
        if not isinstance(name, str) or len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise GraphError(
                f"{name!r:.60} is no name of a graph's part",
                remedy=f"use up to {LONGEST_NAME:,} letters, digits, underscores and dots",
            )
        if not names.take(name, outputs):
            raise GraphError(f"the name '{name}' cannot be told from another in generated sources", remedy="rename it")


def _signals(name: str) -> set[str]:
    return _spread(identifier(name))


def _spread(wire: str) -> set[str]:
    return {f"{wire}{signal}".lower() for signal in _SIGNALS}
