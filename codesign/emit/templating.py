"""Jinja templates of generated sources."""

from __future__ import annotations

from pathlib import Path

import jinja2

from codesign import quoting

FILTERS = {
    "tcl": quoting.tcl,
    "string_literal": quoting.string,
    "comment": quoting.comment,
    "int32": quoting.int32,
}


def template(folder: Path, name: str) -> jinja2.Template:
    """The template `name` of `folder`; a name that it is not given is an error, and so is a value of several lines.

    Text that others wrote goes through one of FILTERS.
    """
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=_one_line,
    )
    jinja.filters |= FILTERS
    return jinja.get_template(name)


def _one_line(value: object) -> object:
    """Nothing that is printed into a source may begin a line there, whatever it was made from."""
    if isinstance(value, str) and not (value.isprintable() and value.isascii()):
        raise ValueError(f"{value!r:.80} would be printed into a source as it is")
    return value
