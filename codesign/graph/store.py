"""Graphs as files: one .npz with a JSON description and the integer constants, nothing executable."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from codesign.errors import GraphError
from codesign.graph.graph import Graph, Node
from codesign.graph.op import Op, fields_of, op_class
from codesign.graph.types import TensorType

FORMAT = 2


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
    """Reads a graph that `save` has written. Raises GraphError if the file is missing, damaged or of another format."""
    try:
        with np.load(path, allow_pickle=False) as file:
            description = json.loads(str(file["description"]))
            arrays = {name: file[name] for name in file.files if name != "description"}
    except FileNotFoundError:
        raise GraphError("there is no integer graph", where=str(path), remedy="run `codesign export` first") from None
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        NotImplementedError,
        RecursionError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise GraphError(f"not a readable integer graph ({error})", where=str(path), remedy="export it again") from None
    found = description.get("format") if isinstance(description, dict) else None
    if found != FORMAT:
        raise GraphError(f"format {found} is not {FORMAT}", where=str(path), remedy="export it again")
    try:
        return _rebuild(description, arrays)
    except (KeyError, TypeError, AttributeError) as error:
        raise GraphError(
            f"its description is malformed ({error!r})", where=str(path), remedy="export it again"
        ) from None


def digest(graph: Graph) -> str:
    """SHA-256 of everything that determines the graph's results and names, as hexadecimal digits."""
    description, arrays = _describe(graph)
    sha = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name in sorted(arrays):
        sha.update(f"{name}{arrays[name].shape}".encode())
        sha.update(np.ascontiguousarray(arrays[name], dtype="<i8").tobytes())
    return sha.hexdigest()


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
    }, arrays


def _rebuild(description: dict[str, Any], arrays: dict[str, Any]) -> Graph:
    nodes = []
    for entry in description["nodes"]:
        fields = {key: _tuples(value) for key, value in entry["fields"].items()}
        prefix = f"{entry['name']}/"
        fields |= {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
        results = tuple(entry.get("results", ()))
        nodes.append(Node(entry["name"], _op(entry["kind"], fields), tuple(entry["inputs"]), results))
    inputs = {
        name: TensorType(tuple(t["shape"]), t["lo"], t["hi"], tuple(t["scale"]), t["step"])
        for name, t in description["inputs"].items()
    }
    return Graph(description["name"], inputs, tuple(nodes), tuple(description["outputs"]), description["origins"])


def _op(kind: str, fields: dict[str, Any]) -> Op:
    try:
        return op_class(kind)(**fields)
    except TypeError as error:
        raise GraphError(f"operator '{kind}' does not fit this version ({error})", remedy="export it again") from None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
