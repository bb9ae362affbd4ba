"""Begins something new: a folder with all files that it consists of, each saying what belongs there.

`templates/WHAT` is the folder of a WHAT. In the names of its files NAME and PACKAGE stand for those of the new thing;
their contents are Jinja templates. A new WHAT needs new templates only.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
from pathlib import Path

import jinja2

from codesign.errors import BuildError, GraphError
from codesign.files import new_folder
from codesign.graph.names import identifier
from codesign.plugins import names
from codesign.resources import hls_dir, rtl_dir
from codesign.version import VERSION

TEMPLATES = Path(__file__).parent / "templates"


def kinds() -> tuple[str, ...]:
    """What can be begun."""
    return tuple(sorted(folder.name for folder in TEMPLATES.iterdir()))


def begin(what: str, name: str, out: Path) -> list[Path]:
    """Writes the package of a new `what` called `name` to `out`; returns its files, relative to `out`, in order.

    Raises GraphError if there is no such `what` or it cannot be called that, BuildError if something lies at `out`.
    """
    if what not in kinds():
        raise GraphError(
            f"'{what}' is nothing that can be begun", remedy=f"known: detector, classifier, {', '.join(kinds())}"
        )
    check_name(name)
    if out.exists():
        raise BuildError("is there already", where=str(out), remedy="name another folder with --out")
    words = {"NAME": name, "PACKAGE": f"codesign_{name}"}
    values = {
        "name": name,
        "package": words["PACKAGE"],
        "project": words["PACKAGE"].replace("_", "-"),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "version": VERSION,
    }
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / what), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    with new_folder(out) as folder:
        written = []
        for template in sorted(jinja.list_templates()):
            place = Path(re.sub("|".join(words), lambda found: words[found[0]], template.removesuffix(".j2")))
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(jinja.get_template(template).render(values))
            written.append(place)
    return written


def check_name(name: str) -> None:
    """Raises GraphError unless an operator can be called `name` in Python, C++ and SystemVerilog, and none is."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise GraphError(
            f"'{name}' is no name", remedy="use small letters, digits and single underscores: average_pool"
        )
    if keyword.iskeyword(name) or identifier(name) != name:
        raise GraphError(f"'{name}' is a word of Python, C++ or SystemVerilog", remedy="choose another name")
    if name in names("codesign.graph.ops"):
        raise GraphError(f"there is an operator '{name}' already", remedy="choose another name")
    if (rtl_dir() / f"{name}.sv").exists() or any((folder / f"nnet_{name}.h").exists() for folder in _headers()):
        raise GraphError(f"the library of hardware has a part '{name}' already", remedy="choose another name")


def _headers() -> list[Path]:
    """Folders whose headers a project of hls4ml has."""
    found = importlib.util.find_spec("hls4ml")
    places = (found.submodule_search_locations or ()) if found else ()
    theirs = [Path(place, "templates", back_end, "nnet_utils") for place in places for back_end in ("vivado", "vitis")]
    return [hls_dir(), *theirs]
