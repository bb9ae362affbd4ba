"""A quantizer where one is missing: between a layer's sums, or a function's result, and what needs integers."""

from __future__ import annotations

import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.rewriting import quantize
from codesign.frontend.suggestion import Suggestion


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """A quantizer of 8 bits for all values that the tensor has for the inputs."""
    found = calibration.tensors(model, [tensor])[tensor]
    return quantize(model, tensor, float(found.min()), float(found.max()))


SUGGESTION = Suggestion("quantizers of 8 bits put where they are missing", rewrite)
