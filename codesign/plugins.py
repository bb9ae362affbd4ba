"""Finds parts by name: of operators, networks, tasks, data sets and boards, those of this package and of others.

Built in, the part of operator `x` is the file `x.py` of a folder, on every floor alike (`graph/ops/x.py`,
`hardware/ops/x.py`, ...): something new needs new files only, and no edit to a central switch. Another installed
package brings its own by an entry point, whose value is a package with a file for each floor:

    [project.entry-points."codesign.operators"]
    average_pool = "my_package.average_pool"

Such an operator has `graph.py`, `hardware.py`, `cost.py`, `rtl.py`, `hls.py`, `onnx.py` and `vectors.py`, if need be
`frontend.py`, and beside them its SystemVerilog modules and its header `nnet_<kind>.h`; `codesign new operator` writes
a package to begin with. A part or function that a thing lacks is found when the thing is first asked for, and named
with its file.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from codesign.errors import GraphError, NotWrittenError

ROOT = Path(__file__).resolve().parent
UNWRITTEN = "is not written yet"
"""What a source of hardware says, in an error of its own language, as long as it only has been begun."""


@dataclass(frozen=True)
class Floor:
    """Where a kind of thing has a part: `package`, one file for each; `file`, what that is called in other packages.

    needs: functions, classes or constants that the part defines. optional: whether a thing may do without the part.
    beside: a source of hardware that another package may have beside the part, `{}` being the thing's name.
    """

    package: str
    file: str
    needs: tuple[str, ...]
    optional: bool = False
    beside: str = ""


@dataclass(frozen=True)
class Registry:
    """A kind of thing, as messages call it; the entry points through which other packages bring some; its floors."""

    what: str
    group: str
    floors: tuple[Floor, ...]


OPERATORS = Registry(
    "operator",
    "codesign.operators",
    (
        Floor("codesign.graph.ops", "graph", ()),
        Floor("codesign.hardware.ops", "hardware", ("foldings", "lanes", "dependence")),
        Floor("codesign.cost.ops", "cost", ("cost",)),
        Floor("codesign.emit.rtl.ops", "rtl", ("block",), beside="{}.sv"),
        Floor("codesign.emit.hls.ops", "hls", ("layers",), beside="nnet_{}.h"),
        Floor("codesign.emit.onnx.ops", "onnx", ("emit",)),
        Floor("codesign.verification.vectors", "vectors", ("frames", "goals")),
    ),
)
READERS = Registry(
    "reader of ONNX", "codesign.operators", (Floor("codesign.frontend.ops", "frontend", ("READERS",), optional=True),)
)
NETWORKS = Registry(
    "network",
    "codesign.networks",
    (Floor("codesign.networks", "model", ("Model",)), Floor("codesign.nn", "module", ("network",))),
)
TASKS = Registry(
    "task",
    "codesign.tasks",
    (
        Floor(
            "codesign.tasks",
            "outputs",
            (
                *("HEADS", "decode", "read", "decoding", "inferred", "in_picture"),
                *("measure", "examine", "truth", "marks", "listing"),
            ),
        ),
        Floor("codesign.training.tasks", "training", ("collate", "loss", "distillation_loss")),
    ),
)
DATASETS = Registry(
    "data set",
    "codesign.datasets",
    (
        Floor("codesign.data.detection", "detection", ("read", "is_here"), optional=True),
        Floor("codesign.data.classification", "classification", ("read", "is_here"), optional=True),
    ),
)
FORMATS = Registry(
    "format of pictures",
    "codesign.formats",
    (Floor("codesign.data.formats", "format", ("TASKS", "TITLE", "is_here", "read")),),
)
TARGETS = "codesign.targets"
"""Entry points of boards: each a package in whose folder `<name>.yaml` lies."""

_FLOORS = {
    floor.package: (registry, floor)
    for registry in (OPERATORS, READERS, NETWORKS, TASKS, DATASETS, FORMATS)
    for floor in registry.floors
}


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the parts in `package`, in order, without private modules and shared bases; then other packages'."""
    registry, floor = _FLOORS[package]
    files = (file.stem for folder in _folders(package) for file in folder.glob("*.py"))
    built_in = sorted(name for name in files if not name.startswith("_") and name != "base")
    outside = _outside(registry.group)
    for name in outside.keys() & built_in:
        raise GraphError(
            f"there is another {registry.what} '{name}'", where=outside[name], remedy="rename its entry point"
        )
    return (*built_in, *(name for name in outside if _part(registry, floor, name).is_file()))


@cache
def load(package: str, kind: str) -> ModuleType:
    """The part of the thing called `kind` in `package`.

    Raises GraphError if there is no such thing, or if any of its parts, here or elsewhere, is missing or incomplete;
    NotWrittenError if the source of hardware beside this part only has been begun.
    """
    registry, floor = _FLOORS[package]
    if kind not in names(package) and not any(kind in names(other.package) for other in registry.floors):
        known = ", ".join(names(package))
        raise GraphError(f"there is no {registry.what} '{kind}'", where=package, remedy=f"known: {known}")
    _check(registry, kind)
    if kind in names(package) and kind not in _outside(registry.group):
        return importlib.import_module(f"{package}.{kind}")
    beside = _part(registry, floor, kind).parent / floor.beside.format(kind)
    if beside.is_file() and UNWRITTEN in beside.read_text(encoding="utf-8"):
        raise NotWrittenError(str(beside), kind)
    return importlib.import_module(f"{_outside(registry.group)[kind]}.{floor.file}")


def outside_folders(group: str) -> tuple[Path, ...]:
    """Folders of the other packages that bring something through the entry points `group`."""
    return tuple(_folder_of(package) for package in _outside(group).values())


def outside_targets() -> Mapping[str, Path]:
    """Files of other packages' boards, by name."""
    return {name: _folder_of(package) / f"{name}.yaml" for name, package in _outside(TARGETS).items()}


def users_networks(part: str) -> list[str]:
    """The folder `part` of a user's own networks, which $CODESIGN_NETWORKS names; empty if it names none."""
    folder = os.environ.get("CODESIGN_NETWORKS")
    return [str(Path(folder).resolve() / part)] if folder else []


@cache
def _check(registry: Registry, kind: str) -> None:
    """Raises GraphError for the first part of `kind` that is missing, or lacks what other parts ask it for."""
    for floor in registry.floors:
        file = _part(registry, floor, kind)
        if not file.is_file():
            if floor.optional:
                continue
            raise _incomplete(registry, kind, f"there is no {file}", floor)
        missing = [name for name in floor.needs if name not in _defined(file)]
        if missing:
            raise _incomplete(registry, kind, f"{file} does not define {missing[0]}", floor)


def _incomplete(registry: Registry, kind: str, what: str, floor: Floor) -> GraphError:
    needs = f", which defines {', '.join(floor.needs)}" if floor.needs else ""
    remedy = f"write it: the docstring of {floor.package} says what belongs there{needs}"
    return GraphError(f"{registry.what} '{kind}' is incomplete: {what}", remedy=remedy)


def _part(registry: Registry, floor: Floor, kind: str) -> Path:
    """The file of a part, whether it is there or not."""
    outside = _outside(registry.group)
    if kind in outside:
        return _folder_of(outside[kind]) / f"{floor.file}.py"
    found = [folder / f"{kind}.py" for folder in _folders(floor.package)]
    return next((file for file in found if file.is_file()), found[0])


def _folders(package: str) -> Iterator[Path]:
    """Folders of one of this package's floors; networks may also lie in a user's."""
    _, *steps = package.split(".")
    yield ROOT.joinpath(*steps)
    if package in ("codesign.networks", "codesign.nn"):
        yield from map(Path, users_networks(steps[-1]))


@cache
def _outside(group: str) -> Mapping[str, str]:
    """Packages by the name of what they bring. Raises GraphError if two bring something of one name."""
    found: dict[str, str] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        other = found.setdefault(point.name, point.value)
        if other != point.value:
            raise GraphError(f"{other} brings '{point.name}' too", where=point.value, remedy="uninstall one of them")
    return found


@cache
def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise GraphError("an entry point names it, but it is no package", where=package, remedy="install it again")
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def _defined(file: Path) -> frozenset[str]:
    """Names that a source file defines or imports, without running it."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)
