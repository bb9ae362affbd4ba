"""Which files of the RTL library a design needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from codesign.errors import ToolError
from codesign.plugins import OPERATORS, outside_folders


def sources(modules: Iterable[str], *folders: Path) -> tuple[Path, ...]:
    """Files of the library `folders`, and of other packages' operators, that hold `modules` and everything below them.

    They are sorted by name. A file is needed when a needed one has an instance of its module. Raises ToolError for a
    module that the library does not have, or that two files hold.
    """
    known = _files((*folders, *outside_folders(OPERATORS.group)))
    needed: set[str] = set()
    waiting = set(modules)
    while waiting:
        module = waiting.pop()
        if module not in known:
            raise ToolError(f"the RTL library has no module '{module}'", where=str(folders[0]))
        needed.add(module)
        code = re.sub(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"", "", known[module].read_text(), flags=re.DOTALL)
        waiting |= (set(re.findall(r"\b(\w+)(?:\s*#\s*\(|\s+\w+\s*\()", code)) & known.keys()) - needed
    return tuple(known[name] for name in sorted(needed))


def _files(folders: Iterable[Path]) -> dict[str, Path]:
    """Files of `folders` by the module that they hold."""
    known: dict[str, Path] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.sv"))):
        other = known.setdefault(path.stem, path)
        if other != path:
            raise ToolError(f"{other} holds a module '{path.stem}' too", where=str(path), remedy="rename one of them")
    return known
