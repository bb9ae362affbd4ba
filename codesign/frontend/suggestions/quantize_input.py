"""A quantizer at an input that has none, and of which nothing says which integers it takes."""

from __future__ import annotations

import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.rewriting import quantize
from codesign.frontend.suggestion import Suggestion


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """A quantizer of 8 bits for all values of the inputs; the option that says the type instead changes nothing."""
    lo = min(float(frame.min()) for frame in calibration.frames)
    hi = max(float(frame.max()) for frame in calibration.frames)
    return f"{quantize(model, tensor, lo, hi)}; without a change: --input {tensor}=uint8, if that is what it takes"


SUGGESTION = Suggestion("a quantizer of 8 bits put at the input", rewrite)
