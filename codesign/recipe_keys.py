"""Every key of a recipe, told from the classes that check it: its type, range, default, meaning and an example.

What a key means is a line `key: meaning` in the docstring of its section.
"""

from __future__ import annotations

import difflib
import inspect
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from codesign import yaml_text
from codesign.errors import RecipeError
from codesign.networks import kind_of, sections
from codesign.reading import SETTINGS_BYTES, read_text
from codesign.recipe import Recipe
from codesign.resources import models_dir

SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "multiple_of": "a multiple of", "pattern": "matching"}
LENGTHS = {"min_length": "at least", "max_length": "at most"}
NAMES = {"int": "whole number", "float": "number", "bool": "true or false", "str": "text", "Path": "path"}
REQUIRED, SECTION, PLACE = "required", "section", "N"


@dataclass(frozen=True)
class Key:
    """One key.

    path: as `--set` takes it, with N for the place in a list, counted from 0. network: the kind that it is for,
    None if it is for all. type, range: in words; a range may be empty. default: `required` if there is none. example:
    the value, in YAML, that the recipes that ship first give to it other than the default.
    """

    path: str
    network: str | None
    type: str
    range: str
    default: str
    meaning: str
    example: str

    @property
    def setting(self) -> str:
        """The example as `--set` takes it."""
        return f"{self.path.replace('.N.', '.0.')}={self.example}"


@dataclass(frozen=True)
class Part:
    """A section: its title, what it says of itself, and its keys."""

    title: str
    prose: str
    keys: tuple[Key, ...]


@cache
def parts() -> tuple[Part, ...]:
    """All sections of a recipe, then those of every kind of network."""
    found = list(_parts("", Recipe, "recipe", None, _shipped()))
    for kind, network in sorted(sections().items()):
        of_kind = [content for content in _shipped() if kind_of(content["model"]) == kind]
        found += _parts("model", network, f"model, kind: {kind}", kind, of_kind)
    return tuple(found)


def keys() -> tuple[Key, ...]:
    """All keys."""
    return tuple(key for part in parts() for key in part.keys)


def find_key(path: str) -> tuple[Key, ...]:
    """The key at `path`, once for each kind of network that has one of its own. Places in lists may be left out.

    Raises RecipeError with the nearest key if there is none.
    """
    asked = ".".join(step for step in path.split(".") if step != PLACE and not step.isdigit())
    by_path: dict[str, list[Key]] = {}
    for key in keys():
        by_path.setdefault(key.path.replace(f".{PLACE}.", "."), []).append(key)
    if asked in by_path:
        return tuple(by_path[asked])
    known = list(by_path)
    ends = [key for key in known if key.rpartition(".")[2] == asked]
    nearest = (ends or difflib.get_close_matches(asked, known, n=1, cutoff=0.4))[:1]
    remedy = f"did you mean '{nearest[0]}'?" if nearest else "`codesign recipe` lists them"
    raise RecipeError("no such key", where=path, remedy=remedy)


def _parts(
    prefix: str, section: type[BaseModel], title: str, network: str | None, recipes: Sequence[Mapping[str, Any]]
) -> Iterator[Part]:
    """The section, then the sections in it. recipes: those to take examples from."""
    prose, meanings = told(section)
    found: list[Key] = []
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in section.model_fields.items():
        path = f"{prefix}.{name}".removeprefix(".")
        part = _section_in(field.annotation)
        if part is not None and path != "model":
            inner.append((f"{path}.{PLACE}" if _is_list(field.annotation) else path, part))
        meaning = meanings.get(name) or (_summary(part) if part is not None else prose)
        limits = ", ".join([*_limits(field.annotation), *_limited(field.annotation, field.metadata)])
        default = _default(field)
        example = _example(path, default, field, recipes)
        found.append(Key(path, network, _name(field.annotation), limits, default, meaning, example))
    yield Part(title, prose, tuple(found))
    for path, part in inner:
        yield from _parts(path, part, path, network, recipes)


def told(section: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """What a section's docstring says of it, and of its keys."""
    lines = inspect.getdoc(section) or ""
    prose: list[str] = []
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines.splitlines():
        names, colon, text = line.partition(": ")
        fields = names.split(", ")
        if colon and all(name in section.model_fields for name in fields):
            current = [text]
            found |= dict.fromkeys(fields, current)
        elif current is None:
            prose.append(line)
        else:
            current.append(line)
    text = re.sub(r"\s*\n\s*\n\s*", "\n\n", "\n".join(prose)).strip()
    return text, {name: " ".join(" ".join(said).split()) for name, said in found.items()}


def _summary(section: type[BaseModel]) -> str:
    return " ".join(told(section)[0].split("\n\n")[0].split())


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a key holds: itself, optional, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_section_in(part) for part in get_args(annotation) if not isinstance(part, str)]
    return next((part for part in found if part is not None), None)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple and ... in get_args(annotation)


def _limits(annotation: Any) -> Iterator[str]:
    """Limits of the values inside an optional one, or a list."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        yield from _limits(inner)
        yield from _limited(inner, [found for part in metadata for found in getattr(part, "metadata", None) or [part]])
    elif get_origin(annotation) is not Literal:
        for part in dict.fromkeys(part for part in get_args(annotation) if part is not ...):
            yield from _limits(part)


def _limited(annotation: Any, metadata: Sequence[Any]) -> Iterator[str]:
    """In words, the limits that `metadata` sets to values of a type."""
    unit = "characters" if annotation is str else "entries"
    for limit in metadata:
        for key, sign in SIGNS.items():
            if (found := getattr(limit, key, None)) is not None:
                yield f"{sign} {_plain(found)}"
        for key, word in LENGTHS.items():
            if (found := getattr(limit, key, None)) is not None:
                yield f"{word} {found:,} {unit if found != 1 else 'character' if annotation is str else 'entry'}"


def _plain(limit: Any) -> str:
    return f"{limit:,}" if isinstance(limit, int) else str(limit)


def _name(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _name(arguments[0])
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin in (Union, types.UnionType):
        kinds = dict.fromkeys(_name(part) for part in arguments if part is not type(None))
        return " or ".join([*kinds, *(["null"] if type(None) in arguments else [])])
    if origin is dict:
        return f"mapping of {_name(arguments[0])} to {_name(arguments[1])}"
    if origin is tuple:
        inner = [part for part in arguments if part is not ...]
        return f"list of {_name(inner[0])}s" if ... in arguments else f"[{', '.join(map(_name, inner))}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return SECTION
    name = getattr(annotation, "__name__", str(annotation))
    return NAMES.get(name, name)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return REQUIRED
    if isinstance(field.default, BaseModel):
        return "its own defaults"
    return _yaml(field.default)


def _yaml(value: Any) -> str:
    """A value on one line, as `--set` takes it."""
    if isinstance(value, BaseModel):
        return _yaml(value.model_dump(mode="json", exclude_none=True))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    return yaml_text.dump([value]).strip().removeprefix("- ")


def _example(path: str, default: str, field: FieldInfo, recipes: Sequence[Mapping[str, Any]]) -> str:
    """From the recipes; else as the field says, the first choice that is not the default, or the default."""
    found = [_yaml(value) for content in recipes for value in _values(content, path.split("."))]
    given = [_yaml(example) for example in field.examples or ()]
    choices = [_yaml(choice) for choice in get_args(field.annotation) if get_origin(field.annotation) is Literal]
    part = _section_in(field.annotation)
    whole = [] if part is None else [_yaml(_defaults(part))]
    return next((text for text in (*found, *given, *choices, *whole) if text != default), default)


def _defaults(section: type[BaseModel]) -> dict[str, Any]:
    """Its keys with their defaults; of those that have none, with their first example."""
    found = {
        name: (field.examples or [None])[0] if field.is_required() else field.default
        for name, field in section.model_fields.items()
    }
    return {name: value for name, value in found.items() if value is not None}


@cache
def _shipped() -> tuple[dict[str, Any], ...]:
    files = sorted(models_dir().glob("*.yaml"))
    return tuple(yaml_text.parse(read_text(file, RecipeError, limit=SETTINGS_BYTES)) for file in files)


def _values(content: Any, steps: list[str]) -> Iterator[Any]:
    """What a recipe has at a path, in every place of its lists."""
    if not steps:
        yield content
    elif steps[0] == PLACE and isinstance(content, list):
        for inner in content:
            yield from _values(inner, steps[1:])
    elif isinstance(content, dict) and steps[0] in content:
        yield from _values(content[steps[0]], steps[1:])
