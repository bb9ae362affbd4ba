"""Names of blocks: the PyTorch module a node came from, as the exporters of PyTorch record it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from codesign.graph.names import Names, plain
from codesign.graph.op import op_class

_EXPORTER_SCOPES = re.compile(
    r"(act_quant|export_handler|activation_impl|fused_activation_quant_proxy|tensor_quant)(_\d+)?$"
)
_SCOPES_KEY = "pkg.torch.onnx.name_scopes"
MOST_METADATA = 10_000
"""Characters of it that are parsed; real scopes have some hundreds."""


@dataclass(frozen=True)
class Place:
    """Where in the network a node stands: a dotted path, and whether it names this very node or just its module."""

    path: str
    exact: bool = False


def place_of(node: onnx.NodeProto) -> Place:
    """The place of `node`; the path is empty if the file does not tell.

    The module is read from PyTorch's metadata or from the scopes in the node's name (`/backbone/conv1/Conv`); a name
    without scopes is taken as it is.
    """
    for entry in node.metadata_props:
        if entry.key == _SCOPES_KEY:
            scopes = _recorded(entry.value)
            return Place(_join(scopes[-1].split(".")) if scopes else "")
    if "/" in node.name:
        return Place(_join(_relative(node.name.strip("/").split("/")[:-1])))
    return Place(_join(node.name.split(".")), exact=bool(node.name))


def _recorded(text: str) -> list[str]:
    """The scopes in PyTorch's metadata, without the node's own; none where it is not the list that PyTorch writes."""
    try:
        scopes = ast.literal_eval(text) if len(text) <= MOST_METADATA else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [scope for scope in scopes[:-1] if scope and isinstance(scope, str)] if isinstance(scopes, list) else []


def _relative(scopes: Sequence[str]) -> list[str]:
    """TorchScript repeats a Sequential's name in its children's: `stage, stage.0` is `stage, 0`."""
    pairs = zip(["", *scopes], scopes, strict=False)
    return [scope.removeprefix(f"{before}.") if before else scope for before, scope in pairs]


def _join(scopes: Sequence[str]) -> str:
    parts = ".".join(scope for scope in scopes if not _EXPORTER_SCOPES.match(scope)).split(".")
    return ".".join(one_part(part) for part in parts if part)


def one_part(text: str) -> str:
    """`text` with only letters, digits and single underscores, so that a dot may become two."""
    return plain(re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_"))


@dataclass(frozen=True)
class UnnamedBlock:
    """What a block's name is made from. source: index of the block that computes its first input, or None."""

    place: Place
    kind: str
    source: int | None
    outputs: int


def block_names(blocks: Sequence[UnnamedBlock], names: Names) -> list[str]:
    """New names among `names`: the module's path where the module is one block, else `path.kind`.

    A quantizer that several layers share gives each of its blocks the name of the layer before it:
    `conv1.act`, `conv2.act`.
    """
    whole = Counter(block.place.path for block in blocks)
    inner = Counter(prefix for block in blocks for prefix in _prefixes(block.place.path))
    shared = Counter(block.place.path for block in blocks if op_class(block.kind).quantizes)
    found: list[str] = []
    for block in blocks:
        path = block.place.path
        if block.place.exact or (path and whole[path] == 1 and not inner[path]):
            wanted = path
        elif op_class(block.kind).quantizes and shared[path] > 1 and block.source is not None:
            wanted = f"{found[block.source]}.{path.rsplit('.', 1)[-1] or block.kind}"
        else:
            wanted = f"{path}.{block.kind}".strip(".")
        found.append(names.new(wanted, block.outputs))
    return found


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]
