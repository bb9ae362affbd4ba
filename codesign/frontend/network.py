"""A file as it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx

from codesign.frontend.early_quantizers import quantized_early
from codesign.frontend.interleaving import interleaved
from codesign.frontend.late_upsampling import upsampled_late
from codesign.frontend.tail import Tail
from codesign.frontend.zones import Zones
from codesign.graph import Graph
from codesign.graph.indices import Chosen

CHOSEN = "/hardware"
"""Ending of the tail's input that stands for indices of the file, in the shape that the hardware gives them in."""


@dataclass(frozen=True, eq=False)
class Network:
    """What becomes of a file.

    graph: what becomes hardware. tail: what follows it on the host, if anything does: a model whose inputs are real
    values of outputs of `graph`. tail_inputs: for each of its inputs, that output. zones: where each operator went.
    chosen: what the file gives in place of the indices that are the output of `graph`, if it gives scores.
    """

    graph: Graph
    tail: onnx.ModelProto | None = None
    tail_inputs: Mapping[str, str] = field(default_factory=dict)
    zones: Zones | None = None
    chosen: Chosen | None = None

    def name_on_host(self, tensor: str) -> str:
        """Under which name the host goes on with a tensor of the graph, else that of the file's tensor that it is."""
        names = [name for name, source in self.tail_inputs.items() if source == tensor]
        return names[0].removesuffix(CHOSEN) if names else self.graph.origins.get(tensor, tensor)


def rewritten(graph: Graph) -> Graph:
    """A graph as the front ends have it, blocks joined, or moved to where they take less; it computes the same."""
    return quantized_early(upsampled_late(interleaved(graph)))


def with_tail(graph: Graph, tail: Tail | None, outputs: Mapping[str, str]) -> Network:
    """outputs: of `graph`, by the tensors of the builder that they were."""
    if tail is None:
        return Network(graph)
    return Network(graph, tail.model, {name: outputs[tensor] for name, tensor in tail.inputs.items()})
