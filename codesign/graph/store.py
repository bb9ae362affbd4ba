"""Graphs as files: one .npz with a JSON description and the integer constants, nothing executable."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from dataclasses import asdict
from itertools import zip_longest
from math import inf, prod
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.graph.graph import Graph, Node
from codesign.graph.names import LONGEST_NAME
from codesign.graph.op import Op, fields_of, op_class
from codesign.graph.types import HIGHEST, LOWEST, TensorType
from codesign.reading import read_bytes

FORMAT = 2

MOST_BYTES = 1 << 30
"""The largest file, and the most that is packed in it."""
MOST_ARRAYS = 100_000
LONGEST_SHOWN = 60
"""Characters of a name that an error shows."""


def save(graph: Graph, path: Path) -> None:
    """Writes `graph` to `path` (.npz), beside it first and then renamed."""
    description, arrays = _describe(graph)
    beside = path.with_name(f".{path.name}.{os.getpid()}.npz")
    try:
        np.savez_compressed(beside, description=np.array(json.dumps(description)), **arrays)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load(path: Path) -> Graph:
    """Reads a graph that `save` has written, and believes nothing in it.

    Raises GraphError if the file is missing, damaged, of another format, larger than it may be, or describes what is no
    graph of this version. Nothing is decompressed or allocated before its size is known to be allowed.
    """
    remedy = "export it again"
    try:
        description, arrays = _read(path)
        found = description.get("format") if isinstance(description, dict) else None
        if found != FORMAT:
            raise GraphError(f"format {found} is not {FORMAT}")
        return _rebuild(description, arrays)
    except FileNotFoundError:
        raise GraphError("there is no integer graph", where=str(path), remedy="run `codesign export` first") from None
    except GraphError as error:
        if error.where == str(path):
            raise
        raise GraphError(str(GraphError(error.what, where=error.where)), where=str(path), remedy=remedy) from None
    except _UNREADABLE as error:
        raise GraphError(f"not a readable integer graph ({error})", where=str(path), remedy=remedy) from None
    except _MALFORMED as error:
        raise GraphError(f"its description is malformed ({error!r})"[:300], where=str(path), remedy=remedy) from None


_UNREADABLE = (OSError, EOFError, ValueError, NotImplementedError, RecursionError, zipfile.BadZipFile, zlib.error)
_MALFORMED = (LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError)


def _read(path: Path) -> tuple[Any, dict[str, Any]]:
    """The description, and the arrays by name."""
    file = read_bytes(path, GraphError, limit=MOST_BYTES)
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        entries = archive.infolist()
        total = sum(entry.file_size for entry in entries)
        if len(entries) > MOST_ARRAYS or total > MOST_BYTES:
            raise GraphError(f"{len(entries):,} arrays of {total:,} bytes are more than a graph holds")
        found = {entry.filename.removesuffix(".npy"): _array(archive.read(entry), entry.filename) for entry in entries}
    if "description" not in found:
        raise GraphError("not a readable integer graph: it has no description")
    description = found.pop("description")
    if description.shape or description.dtype.kind != "U":
        raise GraphError("its description is no text")
    wrong = [name for name, array in found.items() if array.dtype.kind not in "iu"]
    if wrong:
        raise GraphError(f"the array '{wrong[0][:LONGEST_NAME]}' holds no integers")
    return json.loads(str(description)), found


def _array(content: bytes, name: str) -> NDArray[Any]:
    """An array of an .npy file, whose header must promise what the file has."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise GraphError(f"'{name[:LONGEST_NAME]}' is of version {version} of NumPy's format")
    shape, fortran, dtype = _HEADERS[version](stream)
    start = stream.tell()
    if dtype.hasobject or min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(content) - start:
        raise GraphError(f"'{name[:LONGEST_NAME]}' is no array of {dtype} in the shape {str(shape)[:LONGEST_NAME]}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape, order="F" if fortran else "C")


_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def digest(graph: Graph) -> str:
    """SHA-256 of everything that determines the graph's results and names, as hexadecimal digits."""
    description, arrays = _describe(graph)
    sha = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name in sorted(arrays):
        sha.update(f"{name}{arrays[name].shape}".encode())
        sha.update(np.ascontiguousarray(arrays[name], dtype="<i8").tobytes())
    return sha.hexdigest()


def first_difference(a: Graph, b: Graph) -> str | None:
    """Where the digests of two graphs come apart first, in words; None if they are the same."""
    (one, one_arrays), (other, other_arrays) = _describe(a), _describe(b)
    for key in ("name", "inputs", "outputs", "origins"):
        if one[key] != other[key]:
            return f"the {key} differs"
    for left, right in zip_longest(one["nodes"], other["nodes"]):
        if left is None or right is None or left["name"] != right["name"]:
            return f"one has the node '{(left or right)['name']}' where the other has not"
        for key in (key for key in ("kind", "inputs") if left[key] != right[key]):
            return f"node {left['name']}: its {key} differs"
        keys = sorted(left["fields"].keys() | right["fields"].keys())
        for key in (key for key in keys if _plain(left["fields"].get(key)) != _plain(right["fields"].get(key))):
            return f"node {left['name']}: its {key} differs"
    for name in sorted(one_arrays.keys() | other_arrays.keys()):
        first, second = one_arrays.get(name), other_arrays.get(name)
        if first is None or second is None or not np.array_equal(first, second):
            node, key = name.rsplit("/", 1)
            return f"node {node}: its {key} differs"
    return None


def _plain(value: Any) -> str:
    return json.dumps(value)


def _describe(graph: Graph) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays: dict[str, Any] = {}
    nodes = []
    for node in graph.nodes:
        fields = fields_of(node.op)
        for key in [key for key, value in fields.items() if isinstance(value, np.ndarray)]:
            arrays[f"{node.name}/{key}"] = fields.pop(key)
        entry = {"name": node.name, "kind": node.op.kind, "inputs": node.inputs, "fields": fields}
        nodes.append(entry | ({"results": node.results} if node.results else {}))
    inputs = {name: asdict(kind) for name, kind in graph.inputs.items()}
    return {
        "format": FORMAT,
        "name": graph.name,
        "inputs": inputs,
        "nodes": nodes,
        "outputs": graph.outputs,
        "origins": dict(graph.origins),
        **({"titles": dict(graph.titles)} if graph.titles else {}),
    }, arrays


def _rebuild(description: dict[str, Any], arrays: dict[str, Any]) -> Graph:
    nodes = []
    for entry in description["nodes"]:
        fields = {key: _tuples(value) for key, value in entry["fields"].items()}
        prefix = f"{entry['name']}/"
        fields |= {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
        results = _names(entry.get("results", ()))
        nodes.append(Node(_name(entry["name"]), _op(entry["kind"], fields), _names(entry["inputs"]), results))
    inputs = {_name(name): _tensor_type(kind) for name, kind in description["inputs"].items()}
    origins = {_name(name): _text(origin) for name, origin in description["origins"].items()}
    titles = {_name(name): _text(title) for name, title in description.get("titles", {}).items()}
    return Graph(_text(description["name"]), inputs, tuple(nodes), _names(description["outputs"]), origins, titles)


def _tensor_type(fields: dict[str, Any]) -> TensorType:
    found = {key: _tuples(value) for key, value in fields.items()}
    return TensorType(**_checked(TensorType, found))


def _op(kind: str, fields: dict[str, Any]) -> Op:
    found = op_class(_name(kind))
    return found(**_checked(found, fields))


def _checked(kind: type, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record, if they are those of `kind` and of their types."""
    types = get_type_hints(kind)
    for name, value in fields.items():
        if name not in types or not _fits(value, types[name]):
            raise GraphError(f"'{name[:LONGEST_NAME]}' of {kind.__name__} is not what this version takes")
    return fields


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of the type of an operator's field: see `Op`."""
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(value) if isinstance(value, tuple) else kinds
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(_fits, value, kinds))
    if get_origin(kind) is np.ndarray:
        return isinstance(value, np.ndarray)
    if kind is float:
        return type(value) in (int, float) and abs(value) < inf
    if kind is int:
        return type(value) is int and LOWEST <= value <= HIGHEST
    return type(value) is kind


def _names(found: Any) -> tuple[str, ...]:
    return tuple(_name(name) for name in found)


def _name(found: Any) -> str:
    if len(_text(found)) > LONGEST_NAME:
        raise GraphError(f"{found[:LONGEST_SHOWN]!r} is no name of at most {LONGEST_NAME} characters")
    return str(found)


def _text(found: Any) -> str:
    """What somebody's file says, however long: MOST_BYTES bounds it."""
    if not isinstance(found, str):
        raise GraphError(f"{str(found)[:LONGEST_SHOWN]!r} is no text")
    return found


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
