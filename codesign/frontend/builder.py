"""Collects the blocks of an integer graph while a file is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from codesign.errors import GraphError
from codesign.frontend.naming import Place, UnnamedBlock, block_names, place_of
from codesign.frontend.quantizer import Code
from codesign.graph import Graph, Node, Op, TensorType
from codesign.graph.names import Names
from codesign.graph.ops.concat import Concat


@dataclass(frozen=True)
class _Draft:
    """A block whose name is not yet known; its tensors are `<index>:<output>`."""

    op: Op
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    place: Place


class Builder:
    """A growing integer graph.

    types: of all tensors; codes: how the file writes those that have zero points there. clipped: of tensors that are
    others within bounds, those others, and the operator that does it.
    Tensors have provisional names until `finish` drops what nobody reads and names the rest.
    """

    def __init__(self) -> None:
        self.types: dict[str, TensorType] = {}
        self.codes: dict[str, Code] = {}
        self.clipped: dict[str, tuple[str, Op]] = {}
        self._inputs: dict[str, TensorType] = {}
        self._names = Names()
        self._tensors: dict[str, str] = {}
        self._drafts: list[_Draft] = []
        self._origins: dict[str, str] = {}

    def input(self, name: str, kind: TensorType, origin: str) -> str:
        """Declares the file's input `name`; a second time only with the same type. Returns its tensor."""
        if name not in self._tensors:
            self._tensors[name] = self._names.new(name)
        tensor = self._tensors[name]
        if self._inputs.setdefault(tensor, kind) != kind:
            raise GraphError(f"input '{name}' is quantized in two ways", remedy="use one quantizer for it")
        self.types[tensor] = kind
        self._origins.setdefault(tensor, origin)
        return tensor

    def add(
        self, op: Op, inputs: Sequence[str], node: onnx.NodeProto | Place, origins: Sequence[str | None]
    ) -> tuple[str, ...]:
        """Appends a block made from `node`, or standing at that place.

        origins: for each output, the tensor of the file with its value, or None.

        Returns the output tensors. Raises GraphError where the operator does not fit its inputs. Hardware joins two
        streams, so that a concatenation of more becomes one of pairs.
        """
        place = node if isinstance(node, Place) else place_of(node)
        while isinstance(op, Concat) and len(inputs) > 2:
            inputs = (*self._append(op, tuple(inputs[:2]), place, [None]), *inputs[2:])
        return self._append(op, tuple(inputs), place, origins)

    def replaced(self, tensor: str, op: Op, origin: str | None) -> str:
        """The output of a copy of `tensor`'s block with another operator; the old one goes if nobody reads it."""
        draft = self._producer(tensor)
        assert draft is not None
        return self._append(op, draft.inputs, draft.place, [origin])[0]

    def write_as(self, tensor: str, code: Code, origin: str | None) -> None:
        """Notes how the file writes `tensor`, and where first: in its tensor `origin`, if there is one."""
        if origin and tensor not in self.codes:
            self._origins[tensor] = origin
        self.codes[tensor] = code

    def operator(self, tensor: str) -> Op | None:
        """The operator that computes `tensor`; None for an input."""
        draft = self._producer(tensor)
        return draft.op if draft else None

    def operands(self, tensor: str) -> tuple[str, ...]:
        """The inputs of the block that computes `tensor`."""
        draft = self._producer(tensor)
        assert draft is not None
        return draft.inputs

    def finish(self, name: str, outputs: Sequence[str]) -> Graph:
        """The graph that computes `outputs`, with final names."""
        live = self._live(outputs)
        makers = {tensor: i for i, draft in enumerate(live) for tensor in draft.outputs}
        blocks = [
            UnnamedBlock(draft.place, draft.op.kind, makers.get(draft.inputs[0]), len(draft.outputs)) for draft in live
        ]
        final = {tensor: tensor for tensor in self._inputs}
        nodes = []
        for draft, block in zip(live, block_names(blocks, self._names), strict=True):
            node = Node(block, draft.op, tuple(final[tensor] for tensor in draft.inputs))
            final.update(zip(draft.outputs, node.outputs(len(draft.outputs)), strict=True))
            nodes.append(node)
        origins = {final[tensor]: origin for tensor, origin in self._origins.items() if tensor in final}
        titles = {tensor: name for name, tensor in self._tensors.items() if name != tensor}
        return Graph(name, self._inputs, tuple(nodes), tuple(final[tensor] for tensor in outputs), origins, titles)

    def _append(self, op: Op, inputs: tuple[str, ...], place: Place, origins: Sequence[str | None]) -> tuple[str, ...]:
        results = op.infer(*(self.types[tensor] for tensor in inputs))
        outputs = tuple(f"{len(self._drafts)}:{i}" for i in range(len(results)))
        self._drafts.append(_Draft(op, inputs, outputs, place))
        for tensor, kind, origin in zip(outputs, results, origins, strict=True):
            self.types[tensor] = kind
            if origin:
                self._origins[tensor] = origin
        return outputs

    def _producer(self, tensor: str) -> _Draft | None:
        return None if tensor in self._inputs else self._drafts[int(tensor.split(":")[0])]

    def _live(self, outputs: Sequence[str]) -> list[_Draft]:
        needed, live = set(outputs), []
        for draft in reversed(self._drafts):
            if needed.intersection(draft.outputs):
                needed.update(draft.inputs)
                live.append(draft)
        return live[::-1]
