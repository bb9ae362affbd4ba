"""A resize that interpolates, or rounds in another way: the nearest pixel above and to the left."""

from __future__ import annotations

import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.rewriting import producer, set_attribute
from codesign.frontend.suggestion import Suggestion


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    node = producer(model, tensor)
    if node is None or node.op_type != "Resize":
        return None
    set_attribute(
        node,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        antialias=None,
        exclude_outside=None,
        cubic_coeff_a=None,
        keep_aspect_ratio_policy=None,
    )
    return f"{node.name or tensor} takes the nearest pixel"


SUGGESTION = Suggestion("resizes that take the nearest pixel", rewrite)
