"""A file as it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx

from codesign.graph import Graph


@dataclass(frozen=True, eq=False)
class Network:
    """What becomes of a file.

    graph: what becomes hardware. tail: what follows it on the host, if anything does: a model whose inputs are real
    values of outputs of `graph`. tail_inputs: for each of its inputs, that output.
    """

    graph: Graph
    tail: onnx.ModelProto | None = None
    tail_inputs: Mapping[str, str] = field(default_factory=dict)
