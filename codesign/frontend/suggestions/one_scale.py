"""A quantizer of activations with a scale for each channel: the largest of them for all."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.rewriting import SUFFIX, constant, producer, set_attribute
from codesign.frontend.suggestion import Suggestion


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """The DequantizeLinear behind a QuantizeLinear is changed with it."""
    node = producer(model, tensor)
    if node is None:
        return None
    values = calibration.tensors(model, [name for name in node.input[1:3] if name])
    scale = constant(model, f"{tensor}.{SUFFIX}.scale", np.array(values[node.input[1]].max(), np.float32))
    users = [n for n in model.graph.node if n.op_type == "DequantizeLinear" and n.input[0] == tensor]
    for user in (node, *(users if node.op_type == "QuantizeLinear" else ())):
        user.input[1] = scale
        if user.op_type.endswith("Linear"):
            set_attribute(user, axis=None)
            if len(user.input) > 2:
                zeros = values[node.input[2]]
                user.input[2] = constant(model, f"{tensor}.{SUFFIX}.zero", zeros.reshape(-1)[:1].reshape(()))
    return f"{node.name or tensor} at its largest"


SUGGESTION = Suggestion("activations quantized at one scale", rewrite)
