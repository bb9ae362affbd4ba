"""Jinja templates of generated sources."""

from __future__ import annotations

from pathlib import Path

import jinja2


def template(folder: Path, name: str) -> jinja2.Template:
    """The template `name` of `folder`; a name that it is not given is an error."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    return jinja.get_template(name)
