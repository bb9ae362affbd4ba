"""A quantizer of more bits than are built, or of too many uneven steps: one of 8 bits over the same range."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.rewriting import BITS, SUFFIX, constant, producer
from codesign.frontend.suggestion import Suggestion


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    node = producer(model, tensor)
    if node is None or node.op_type not in ("Quant", "IntQuant"):
        return None
    values = calibration.tensors(model, list(node.input[1:4]))
    scale, zero, bits = (np.asarray(values[name][0], np.float64) for name in node.input[1:4])
    if bits.size != 1 or not float(bits.flat[0]) > BITS:
        return None
    factor = 2.0 ** (float(bits.flat[0]) - BITS)
    parts = {"scale": scale * factor, "zero": np.rint(zero / factor), "bits": np.array(BITS)}
    node.input[1:4] = [
        constant(model, f"{tensor}.{SUFFIX}.{part}", np.asarray(value, np.float32)) for part, value in parts.items()
    ]
    return f"{node.name or tensor} in place of {bits.flat[0]:g} bits"


SUGGESTION = Suggestion("quantizers narrowed to 8 bits", rewrite)
