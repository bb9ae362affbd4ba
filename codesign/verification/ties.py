"""Whether a value that differs is a tie: float32 arithmetic that could not know better, and nothing else.

At scales that are no powers of two a back end in float32 rounds its sums, and one that lies at a decision of the next
quantizer may fall to the other side. The node is then evaluated again, from the very inputs that the back end gave it,
in float64. The difference is a tie only if what the back end gave lies within the bound of what float32 may miss, and
what the integer graph expects lies within the far narrower one of what float32 may miss once the sum is exact: the
graph's decisions are those of the file's own nodes on exact sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from codesign.frontend.channels_first import ChannelsFirst, channels_first
from codesign.frontend.load import simplified
from codesign.frontend.run_qdq import is_qdq, zero_points
from codesign.graph import Graph
from codesign.graph.reals import missed
from codesign.verification.float64 import Bounded, Spans, UnboundedError, evaluate, rounded


@dataclass(frozen=True)
class Tie:
    """A value that differs, though both are right as far as their arithmetic goes.

    value: in float64, before it is quantized, in steps of the tensor's scale.
    """

    stage: str
    tensor: str
    image: int
    channel: int
    y: int
    x: int
    expected: int
    got: int
    value: float


@dataclass(frozen=True, eq=False)
class Judged:
    """Where one frame of a tensor, (C, H, W), may differ from what is expected, and its values in float64."""

    tie: NDArray[np.bool_]
    value: NDArray[np.float64]


class Judge:
    """Judges differences of a back end that computes what `model`, the file that `graph` was made of, says."""

    def __init__(self, model: onnx.ModelProto, graph: Graph) -> None:
        self.graph = graph
        self._file = model
        self._zeros = zero_points(model) if is_qdq(model) else None

    @cached_property
    def _moved(self) -> ChannelsFirst:
        """The file, simplified, its tensors with the axes of the graph's; few verifications ask for it."""
        return channels_first(simplified(self._file))

    @property
    def model(self) -> ModelWrapper:
        return self._moved.model

    def _name(self, tensor: str) -> str:
        """What a tensor of the graph is called in `model`."""
        return self._moved.name(self.graph.origins[tensor])

    def judged(
        self, tensor: str, expected: NDArray[Any], got: NDArray[Any], shown: Mapping[str, NDArray[Any]]
    ) -> Judged | None:
        """Judges `tensor` in one frame, (C, H, W) integers; None if there is no bound.

        shown: what the back end gave for every tensor, which its own nodes have read. expected: what the integer graph
        makes of that.
        """
        known = {self._name(name): self._bounded(name, q) for name, q in shown.items() if name != tensor}
        try:
            spans = evaluate(self.model.model, known, self._name(tensor))
        except (UnboundedError, KeyError):
            return None
        return self._judged(tensor, expected, got, spans)

    def _bounded(self, tensor: str, q: NDArray[Any]) -> Bounded:
        """Integers as the file has them: codes, or one rounding off their real values."""
        if self._zeros is not None:
            codes = q + float(self._zeros.get(self.graph.origins[tensor], 0))
            return Bounded.exact(codes.reshape(self.model.get_tensor_shape(self._name(tensor))))
        real = q * np.array(self.graph.types[tensor].scale)[:, None, None]
        array = real.reshape(self.model.get_tensor_shape(self._name(tensor))).astype(np.float64)
        return Bounded(array, rounded(array), np.zeros_like(array))

    def _judged(self, tensor: str, expected: NDArray[Any], got: NDArray[Any], spans: Spans) -> Judged:
        kind = self.graph.types[tensor]
        scale, zero = np.array(kind.scale)[:, None, None], 0.0
        if self._zeros is not None:
            scale, zero = np.ones(1), float(self._zeros.get(self.graph.origins[tensor], 0))

        def steps(array: NDArray[np.float64]) -> NDArray[np.float64]:
            found: NDArray[np.float64] = (array.reshape(kind.shape) - zero) / scale
            return found

        def within(values: NDArray[Any], span: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.bool_]:
            low, high = (steps(end) for end in span)
            if spans.quantized:
                low, high = np.rint(low), np.rint(high)
            slack = 0.0 if spans.quantized else missed(kind)
            inside: NDArray[np.bool_] = (values >= low - slack) & (values <= high + slack)
            return inside

        value = spans.value.reshape(kind.shape) / np.array(kind.scale)[:, None, None]
        return Judged(within(got, spans.single) & within(expected, spans.summed), value)
