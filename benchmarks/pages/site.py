"""Hooks of the documentation's site: pages that are made from the code, and links to files beside the pages.

`mkdocs build --strict` calls them, see mkdocs.yml.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from codesign.cli.main import build_command
from codesign.recipe_keys import parts

ROOT = Path(__file__).parents[2]
OUTSIDE = re.compile(r"\]\((?:\.\./)+((?:benchmarks|codesign|trust|models|tests)/[^)#]+)(#[^)]*)?\)")
"""A link from a page to a file of the repository."""
FENCE = re.compile(r"^( *```\w+) [^`\n]+$", re.MULTILINE)
"""A fence with a word for the tests behind its language, which only GitHub's Markdown allows."""


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
    """Links to files of the repository lead to their copies in the site, and fences have nothing but a language."""
    markdown = FENCE.sub(r"\1", markdown)
    up = "../" * (len(PurePosixPath(page.file.src_uri).parts) - 1)
    return OUTSIDE.sub(lambda link: f"]({up}files/{link[1]}{link[2] or ''})", markdown)


def commands_page() -> str:
    """One section a command: its help, examples, arguments and options."""
    text = [
        "# Commands\n\nThis page is made from the commands themselves; `codesign help COMMAND` shows the same. Every "
        "command also takes `--quiet`, `--verbose` and `--help`.\n"
    ]
    for name, command in build_command().commands.items():
        module = import_module(f"codesign.cli.commands.{name}")
        text += [f"## {name}\n", inspect.cleandoc(module.run.__doc__) + "\n"]
        width = max(len(line) for line, _ in module.EXAMPLES)
        text.append(
            "\n".join(["```sh", *(f"{line:{width}}  # {told}" for line, told in module.EXAMPLES), "```"]) + "\n"
        )
        own = [p for p in command.params if p.name not in ("quiet", "verbose")]
        rows = [row for row in map(_parameter, own) if row]
        text.append("\n".join(["| argument or option | meaning | default |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(text)


def _parameter(parameter: Any) -> str:
    if getattr(parameter, "hidden", False):
        return ""
    named = parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()
    default = parameter.default
    shown = "" if default in (None, False, (), ...) or callable(default) else f"`{default}`"
    meaning = getattr(parameter, "help", "") or ""
    required = "required" if parameter.required else shown
    return f"| `{named}` | {_cell(meaning)} | {required} |"


def recipe_page() -> str:
    """One table a section of a recipe, and one a kind of network."""
    lines = [
        "# Recipe keys\n\nThis page is made from the classes that check a recipe; `codesign recipe KEY` says the same "
        "of one key. Recipes that ship are in `models/`; an unknown key is refused with the nearest valid one.\n"
    ]
    for part in parts():
        rows = [
            f"| `{key.path}` | {_cell(key.meaning)} | {_plain(', '.join(filter(None, (key.type, key.range))))} "
            f"| {_plain(key.default)} | `{_cell(key.example)}` |"
            for key in part.keys
        ]
        lines.append(f"## {part.title}\n\n{part.prose}\n")
        headings = ["| key | meaning | value | default | example |", "|---|---|---|---|---|"]
        lines.append("\n".join([*headings, *rows]) + "\n")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A cell whose brackets and stars are themselves, as those of a pattern."""
    return re.sub(r"([\[\]*_<>])", r"\\\1", _cell(text))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
