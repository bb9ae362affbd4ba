"""Split and Concat along the channels."""

from __future__ import annotations

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import ANY, Reader, attributes
from codesign.frontend.values import Activation, Joined
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.split import Split

MOST_INPUTS = 1000
"""The most inputs of a concatenation: more than any network has."""


def read_split(importer: Importer, node: onnx.NodeProto) -> Activation | tuple[Activation, ...]:
    """Runs of channels; one run of all channels is the tensor itself."""
    _check_axis(importer, node, default=0)
    x = importer.quantized(node)
    if len(node.output) == 1:
        return x
    sizes = tuple(importer.shape(output)[1] for output in node.output)
    tensors = importer.builder.add(Split(sizes), [x.tensor], node, list(node.output))
    return tuple(Activation(tensor, origin=output) for tensor, output in zip(tensors, node.output, strict=True))


def read_concat(importer: Importer, node: onnx.NodeProto) -> Activation | Joined:
    """Channels one after another; of different scales, until a quantizer comes."""
    _check_axis(importer, node, default=None)
    parts = [importer.quantized(node, i) for i in range(len(node.input))]
    if len(parts) == 1:
        return parts[0]
    if len({importer.type(part).scale for part in parts}) > 1:
        return Joined(tuple(parts))
    return importer.emit(Concat(), parts, node)


def _check_axis(importer: Importer, node: onnx.NodeProto, default: int | None) -> None:
    axis = attributes(node, axis=default)["axis"] % len(importer.shape(node.output[0]))
    if axis != 1:
        raise GraphError(f"a {node.op_type} along axis {axis} is not supported", remedy="use the channels, axis 1")


READERS = (
    Reader("Split", read_split, versions=(2, 11), attributes={"axis": ANY, "split": ANY}, outputs=None),
    Reader(
        "Split",
        read_split,
        versions=(13, 18),
        attributes={"axis": ANY, "num_outputs": ANY},
        inputs=range(1, 3),
        outputs=None,
    ),
    Reader("Concat", read_concat, versions=(4, 11, 13), attributes={"axis": ANY}, inputs=range(1, MOST_INPUTS + 1)),
)
