"""A terminal that shows text as it is, and the one way to give it a style."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from codesign import quoting


class PlainConsole(Console):
    """Brackets in text are no markup, and control characters are spelt out, whoever wrote the text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(quoting.terminal(text), **options)


def styled(*parts: str | tuple[str, str]) -> Text:
    """Text of parts, each plain or with rich's name of its style."""
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    return Text.assemble(*((quoting.terminal(text), style) for text, style in pairs))
