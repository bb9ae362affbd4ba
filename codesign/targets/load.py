"""Finds and reads target files."""

from __future__ import annotations

import difflib
from pathlib import Path

from pydantic import ValidationError

from codesign import yaml_text
from codesign.errors import TargetError
from codesign.plugins import outside_targets
from codesign.reading import SETTINGS_BYTES, read_text
from codesign.targets.model import Target

FOLDER = Path(__file__).parent


def target_names() -> tuple[str, ...]:
    """Names of the boards that ship with this package, or with others, sorted."""
    return tuple(sorted(_files()))


def _files() -> dict[str, Path]:
    """Files of the boards by name."""
    return {file.stem: file for file in FOLDER.glob("*.yaml")} | dict(outside_targets())


def load_target(name: str | Path) -> Target:
    """The board called `name`, or the one described by the YAML file at that path.

    Raises TargetError if there is no such board, or if a key of the file is missing, unknown or out of range.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        try:
            return _parse(read_text(path, TargetError, limit=SETTINGS_BYTES), str(path))
        except FileNotFoundError:
            raise TargetError("there is no such target file", where=str(path)) from None
    if str(name) not in target_names():
        near = difflib.get_close_matches(str(name), target_names(), n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise TargetError(f"unknown target '{name}'", remedy=f"{hint}known: {', '.join(target_names())}")
    file = _files()[str(name)]
    return _parse(file.read_text(), file.name)


def target_of(fields: object, where: str) -> Target:
    """The board that a build was exported for, from its manifest. Raises TargetError if it is another version's."""
    return _checked(fields, where, remedy="export the build again")


def _parse(text: str, where: str) -> Target:
    try:
        fields = yaml_text.parse(text)
    except ValueError as error:
        raise TargetError(f"not a readable YAML file ({error})", where=where) from None
    return _checked(fields, where)


def _checked(fields: object, where: str, remedy: str = "") -> Target:
    try:
        return Target.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        what = first["msg"].lower()
        if first["type"] == "string_pattern_mismatch":
            what = f"{first['input']!r:.80} does not match {first['ctx']['pattern']}"
        raise TargetError(what, where=f"{where}:{key}" if key else where, remedy=remedy) from None
