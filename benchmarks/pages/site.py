"""Hooks of the documentation's site: pages that are made from the code, and links to files beside the pages.

`mkdocs build --strict` calls them, see mkdocs.yml.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from codesign.cli.main import build_app
from codesign.networks import sections
from codesign.recipe import Recipe

ROOT = Path(__file__).parents[2]
OUTSIDE = re.compile(r"\]\((?:\.\./)+((?:benchmarks|codesign|trust|models|tests)/[^)#]+)(#[^)]*)?\)")
"""A link from a page to a file of the repository."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages, and every file of the repository that a page links to."""
    linked = set()
    for page in files.documentation_pages():
        linked |= {found[0] for found in OUTSIDE.findall(page.content_string)}
    for name in sorted(linked):
        files.append(File.generated(config, f"files/{name}", content=(ROOT / name).read_bytes()))
    files.append(File.generated(config, "reference/commands.md", content=commands_page()))
    files.append(File.generated(config, "reference/recipe.md", content=recipe_page()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files of the repository lead to their copies in the site."""
    up = "../" * (len(PurePosixPath(page.file.src_uri).parts) - 1)
    return OUTSIDE.sub(lambda link: f"]({up}files/{link[1]}{link[2] or ''})", markdown)


def commands_page() -> str:
    """One section a command: its help, its arguments and its options."""
    group = typer.main.get_command(build_app())
    assert isinstance(group, click.Group | typer.core.TyperGroup)
    parts = [
        "# Commands\n\nThis page is made from the commands themselves; `codesign COMMAND --help` shows the same.\n"
    ]
    for name, command in group.commands.items():
        parts += [f"## {name}\n", (command.help or "").replace("\b\n", "").strip() + "\n"]
        rows = [row for row in (_parameter(p) for p in command.params) if row]
        parts.append("\n".join(["| argument or option | meaning | default |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _parameter(parameter: Any) -> str:
    if getattr(parameter, "hidden", False):
        return ""
    argument = (parameter.metavar or parameter.name or "").strip("{}<>[]")
    named = parameter.opts[-1] if parameter.param_type_name == "option" else argument
    default = parameter.default
    shown = "" if default in (None, False, (), ...) or callable(default) else f"`{default}`"
    meaning = getattr(parameter, "help", "") or ""
    required = "required" if parameter.required else shown
    return f"| `{named}` | {_cell(meaning)} | {required} |"


def recipe_page() -> str:
    """One table a section of a recipe, and one a kind of network."""
    parts = [
        "# Recipe keys\n\nThis page is made from the classes that check a recipe. Recipes that ship are in "
        "`models/`; an unknown key is refused with the nearest valid one.\n"
    ]
    parts += _section("", Recipe, "recipe")
    for kind, network in sorted(sections().items()):
        parts += _section("model", network, f"model, kind: {kind}")
    return "\n".join(parts)


def _section(prefix: str, section: type[BaseModel], title: str) -> Iterator[str]:
    """The table of a section, then those of the sections in it."""
    yield f"## {title}\n\n{_prose(section)}\n"
    rows, inner = [], []
    for key, field in section.model_fields.items():
        path = f"{prefix}.{key}".removeprefix(".")
        part = _section_in(field.annotation)
        if part is not None and path != "model":
            inner.append((path, part))
        rows.append(f"| `{path}` | {_cell(_kind(field))} | {_cell(_default(field))} |")
    yield "\n".join(["| key | value | default |", "|---|---|---|", *rows]) + "\n"
    for path, part in inner:
        yield from _section(path, part, path)


def _prose(section: type[BaseModel]) -> str:
    lines = [line.strip() for line in (section.__doc__ or "").splitlines()]
    return "\n".join(lines)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a key holds: itself, optional, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_section_in(part) for part in get_args(annotation) if not isinstance(part, str)]
    return next((part for part in found if part is not None), None)


def _kind(field: FieldInfo) -> str:
    limits = [_limit(limit) for limit in field.metadata]
    return ", ".join([_name(field.annotation), *filter(None, limits)])


def _limit(limit: Any) -> str:
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "multiple_of": "a multiple of", "pattern": "matching"}
    shown = [f"{sign} `{getattr(limit, key)}`" for key, sign in signs.items() if getattr(limit, key, None) is not None]
    return ", ".join(shown)


def _name(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        limits = [_limit(c) for part in metadata for c in (getattr(part, "metadata", None) or [part])]
        return ", ".join([_name(inner), *filter(None, limits)])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        return " or ".join(_name(part) for part in get_args(annotation) if part is not type(None))
    if origin is tuple:
        parts = [part for part in get_args(annotation) if part is not ...]
        return f"list of {_name(parts[0])}" if ... in get_args(annotation) else f"[{', '.join(map(_name, parts))}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return getattr(annotation, "__name__", str(annotation))


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None:
        return "none"
    if isinstance(field.default, BaseModel):
        return "its own defaults"
    return f"`{field.default}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
