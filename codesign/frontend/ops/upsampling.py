"""Resize and Upsample: nearest neighbour by an integer factor."""

from __future__ import annotations

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.values import Activation
from codesign.graph.ops.upsample import Upsample


def read_resize(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y(y, x) = x(y // factor, x // factor).

    For an integer factor `asymmetric` with `floor` and `half_pixel` with either way of rounding to the nearest are
    this very map.
    """
    options = attributes(
        node, mode="nearest", coordinate_transformation_mode="half_pixel", nearest_mode="round_prefer_floor"
    )
    modes = (options["coordinate_transformation_mode"], options["nearest_mode"])
    same = modes == ("asymmetric", "floor") or modes[0] in ("half_pixel", "pytorch_half_pixel")
    if node.op_type == "Resize" and not (same and modes[1] != "ceil"):
        raise GraphError(f"resizing with {modes[0]} coordinates rounded by {modes[1]} is not supported")
    if options["mode"] != "nearest":
        raise GraphError(f"resizing by {options['mode']} interpolation is not supported", remedy="use nearest")
    x = importer.quantized(node)
    before, after = importer.shape(node.input[0]), importer.shape(node.output[0])
    factor = after[2] // before[2]
    if after != (*before[:2], before[2] * factor, before[3] * factor):
        raise GraphError(f"resizing {before} to {after} is not by one integer factor")
    return importer.emit(Upsample(factor), [x], node)


READERS = {"Resize": read_resize, "Upsample": read_resize}
