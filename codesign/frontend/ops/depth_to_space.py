"""DepthToSpace, in both orders of channels, and SpaceToDepth."""

from __future__ import annotations

from dataclasses import replace

import onnx

from codesign.frontend.importer import Importer
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.selecting import space_to_depth
from codesign.frontend.values import Activation, Step
from codesign.graph import Op
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.shuffle import Shuffle


def read_depth_to_space(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Blocks of pixels; CRD, whose channels have those of a block side by side, is a shuffle before DCR.

    What scales, shifts and maps all channels alike commutes with it, and is left for later.
    """
    options = attributes(node, mode="DCR")
    size = options["blocksize"]
    op, x = DepthToSpace((size, size)), importer.activation(node)
    if x.layout != "map" or not _alike(x):
        x = importer.quantized(node)
    ops: list[Op] = [op]
    if options["mode"] == "CRD" and (channels := importer.type(x).channels // op.phases) > 1:
        ops = [Shuffle(channels), op]
    tensor = x.tensor
    for index, each in enumerate(ops):
        is_last = index == len(ops) - 1 and not x.steps
        (tensor,) = importer.builder.add(each, [tensor], node, [node.output[0] if is_last else None])
    return replace(x, tensor=tensor, origin=None if x.clipped or x.opaque else node.output[0])


def read_space_to_depth(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The pixels of a block as channels of one: a convolution that picks them."""
    x, size = importer.quantized(node), attributes(node)["blocksize"]
    return importer.emit(space_to_depth(importer.type(x).channels, (size, size)), [x], node)


def _alike(x: Activation) -> bool:
    """Whether what follows the integers of `x` does the same to all channels."""
    constants = [part for part in (x.gain, x.offset) if part is not None]
    for step in x.steps:
        if not isinstance(step, Step):
            return False
        constants += step.constants.values()
    return all(part.size == 1 for part in constants)


READERS = (
    Reader("SpaceToDepth", read_space_to_depth, versions=(1, 13), attributes={"blocksize": ANY}),
    Reader("SpaceToDepth", read_space_to_depth, versions=(28,), attributes={"blocksize": ANY, "mode": only("DCR")}),
    Reader("DepthToSpace", read_depth_to_space, versions=(1,), attributes={"blocksize": ANY}),
    Reader(
        "DepthToSpace",
        read_depth_to_space,
        versions=(11, 13, 28),
        attributes={"blocksize": ANY, "mode": only("DCR", "CRD")},
    ),
)
