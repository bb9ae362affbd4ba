"""Resize and Upsample: nearest neighbour by an integer factor."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.refusal import RefusalError
from codesign.frontend.values import Activation
from codesign.graph.ops.upsample import Upsample


def read_resize(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y(y, x) = x(y // factor, x // factor), in the modes of opset 11 and later.

    For an integer factor `asymmetric` with `floor`, and `half_pixel` with either way of rounding to the nearest, are
    this very map.
    """
    options = attributes(node, coordinate_transformation_mode="half_pixel", nearest_mode="round_prefer_floor")
    coordinates, rounding = options["coordinate_transformation_mode"], options["nearest_mode"]
    if (coordinates == "asymmetric") != (rounding == "floor"):
        raise RefusalError(
            f"nearest_mode = {rounding} with {coordinates} coordinates is not supported",
            remedy="use asymmetric with floor, or half_pixel with round_prefer_floor",
            rewrite="nearest_resize",
        )
    scales, axes = importer.constant(node, 2), options.get("axes")
    if scales is None or not scales.value.size:  # the sizes say it
        return _upsampled(importer, node, None)
    every = np.ones(4)
    every[list(range(4)) if axes is None else axes] = scales.value
    return _upsampled(importer, node, every)


def read_upsample(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The same as `asymmetric` with `floor`, which Upsample and the first Resize are."""
    return _upsampled(importer, node, importer.required(node, 1))


def read_upsample_attributes(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The same with scales that are an attribute."""
    return _upsampled(importer, node, np.array(attributes(node)["scales"]))


def _upsampled(importer: Importer, node: onnx.NodeProto, scales: NDArray[np.floating[Any]] | None) -> Activation:
    """scales: of each axis; None where only the shape that results is given."""
    x = importer.quantized(node)
    before, after = importer.shape(node.input[0]), importer.shape(node.output[0])
    factor = after[2] // before[2]
    whole = after == (*before[:2], before[2] * factor, before[3] * factor)
    if not whole or (scales is not None and scales.tolist() != [1, 1, factor, factor]):
        how = "" if scales is None else f" by {scales.tolist()}"
        raise GraphError(f"resizing {before} to {after}{how} is not by one integer factor")
    return importer.emit(Upsample(factor), [x], node)


NEAREST = only("nearest")
RESIZE = {
    "mode": NEAREST,
    "coordinate_transformation_mode": only("asymmetric", "half_pixel", "pytorch_half_pixel"),
    "nearest_mode": only("floor", "round_prefer_floor", "round_prefer_ceil"),
    "cubic_coeff_a": ANY,
    "exclude_outside": only(0),
    "extrapolation_value": ANY,
}
"""The last three are those of other modes; ONNX Runtime refuses another exclude_outside in this one."""

READERS = (
    Reader("Upsample", read_upsample_attributes, versions=(7,), attributes={"mode": NEAREST, "scales": ANY}),
    Reader("Upsample", read_upsample, versions=(9,), attributes={"mode": NEAREST}, inputs=range(2, 3)),
    Reader("Resize", read_upsample, versions=(10,), attributes={"mode": NEAREST}, inputs=range(2, 3)),
    Reader("Resize", read_resize, versions=(11, 13), attributes=RESIZE, inputs=range(1, 5), rewrite="nearest_resize"),
    Reader(
        "Resize",
        read_resize,
        versions=(18, 19),
        attributes={**RESIZE, "antialias": only(0), "axes": ANY, "keep_aspect_ratio_policy": only("stretch")},
        inputs=range(1, 5),
        rewrite="nearest_resize",
    ),
)
