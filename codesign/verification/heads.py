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
from codesign.frontend.tail_choice import chosen_from
from codesign.graph import IntArray
from codesign.graph.types import Shape


@dataclass(frozen=True)
class Head:
    """One output: a tensor of the graph, or of the tail if `real`. shape: (C, H, W); scale: of its steps."""

    tensor: str
    shape: Shape
    scale: tuple[float, ...] = (1.0,)
    real: bool = False

    def values(self, integers: Mapping[str, IntArray], reals: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """(N, C, H, W), as multiples of the first channel's scale."""
        if self.real:
            return reals[self.tensor].reshape(-1, *self.shape)
        values = integers[self.tensor]
        if len(set(self.scale)) == 1:
            return values
        return values * (np.array(self.scale) / self.scale[0])[:, None, None]


def heads_of(build: BuildFolder) -> dict[str, Head]:
    """The outputs of a build by what the network itself calls them.

    What the host chooses, such as an argmax, is told by what it chooses from (`chosen_from`).
    """
    graph, tail = build.graph, tail_of(build)
    feeding = _tail_inputs(build) if tail else {}
    found = {
        graph.origins.get(name, name): Head(name, graph.types[name].shape, graph.types[name].scale)
        for name in graph.outputs
        if name not in feeding.values()
    }
    if tail is None:
        return found
    shapes = tail.shapes()
    for name, tensor in chosen_from(onnx.load(build.tail)).items():
        if tensor in feeding:
            kind = graph.types[feeding[tensor]]
            found[name] = Head(feeding[tensor], kind.shape, kind.scale)
        else:
            found[name] = Head(tensor, _as_map(shapes[tensor]), real=True)
    return found


def tail_of(build: BuildFolder) -> TailRun | None:
    """What computes the real values of heads on the host; None if all is in the design."""
    if not build.tail.is_file():
        return None
    model = onnx.load(build.tail)
    return TailRun(model, build.graph, _tail_inputs(build), list(chosen_from(model).values()))


def _tail_inputs(build: BuildFolder) -> dict[str, str]:
    found: dict[str, str] = build.manifest["tensors"]["tail"]
    return found


def _as_map(shape: tuple[int, ...]) -> Shape:
    """(C, H, W) of an output with its batch of one; a row of values is one of channels, wherever it lies."""
    own = shape[1:] if len(shape) > 1 else shape
    if sum(size != 1 for size in own) <= 1:
        return int(np.prod(own)), 1, 1
    channels, height, *width = own
    return channels, height, int(np.prod(width))
