"""Where the values lie that a network's task reads: integers of the design, or real values of the host's part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.run_tail import TailRun
from codesign.frontend.tail_choice import chosen_from, has_channels_last
from codesign.graph import Graph, IntArray
from codesign.graph.indices import classes_of
from codesign.graph.types import Shape


@dataclass(frozen=True)
class Output:
    """A tensor of the graph, or of the tail if `real`.

    shape: (C, H, W); scale: of its steps. channels_last: whether the tail has it as (H, W, C). classes: so many, where
    it is not their scores but indices of the likeliest.
    """

    tensor: str
    shape: Shape
    scale: tuple[float, ...] = (1.0,)
    real: bool = False
    channels_last: bool = False
    classes: int | None = None

    @property
    def of_classes(self) -> Shape:
        """The shape, with all classes in place of indices of some."""
        return (self.classes, *self.shape[1:]) if self.classes else self.shape

    def values(self, integers: Mapping[str, IntArray], reals: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """(N, C, H, W), as multiples of the first channel's scale."""
        if self.channels_last:
            channels, height, width = self.shape
            return reals[self.tensor].reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
        if self.real:
            return reals[self.tensor].reshape(-1, *self.shape)
        values = integers[self.tensor]
        if len(set(self.scale)) == 1:
            return values
        return values * (np.array(self.scale) / self.scale[0])[:, None, None]


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a network says: its outputs by its own names for them. tail: what computes those that are real."""

    by_name: Mapping[str, Output]
    tail: TailRun | None = None

    def values(self, integers: Mapping[str, IntArray]) -> dict[str, NDArray[Any]]:
        """(N, C, H, W) by name, of what a stage gives for the graph's outputs."""
        reals = self.tail(integers) if self.tail else {}
        return {name: output.values(integers, reals) for name, output in self.by_name.items()}


def outputs_of(build: BuildFolder) -> Outputs:
    """The outputs of a build. What the host chooses, such as an argmax, is told by what it chooses from."""
    graph, inputs = build.graph, build.tail_inputs
    found = {
        graph.origins.get(name, name): _of_graph(graph, name) for name in graph.outputs if name not in inputs.values()
    }
    if not build.tail.is_file():
        return Outputs(found)
    model = onnx.load(build.tail)
    chosen = chosen_from(model)
    tail = TailRun(model, graph, inputs, list(chosen.values()))
    shapes = tail.shapes()
    for name, tensor in chosen.items():
        if tensor in inputs:
            found[name] = _of_graph(graph, inputs[tensor])
        else:
            shape, last = shapes[tensor], has_channels_last(model, tensor)
            shape = (*shape[:1], shape[-1], *shape[1:-1]) if last else shape
            found[name] = Output(tensor, _as_map(shape), real=True, channels_last=last)
    return Outputs(found, tail)


def _of_graph(graph: Graph, tensor: str) -> Output:
    kind = graph.types[tensor]
    return Output(tensor, kind.shape, kind.scale, classes=classes_of(graph, tensor))


def _as_map(shape: tuple[int, ...]) -> Shape:
    """(C, H, W) of an output with its batch of one; a row of values is one of channels, wherever it lies."""
    own = shape[1:] if len(shape) > 1 else shape
    if sum(size != 1 for size in own) <= 1:
        return int(np.prod(own)), 1, 1
    channels, height, *width = own
    return channels, height, int(np.prod(width))
