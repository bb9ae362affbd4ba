"""A network of which nothing is quantized: what onnxruntime.quantization makes of it, with 8 bits everywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from codesign.errors import GraphError, first_line
from codesign.frontend.calibration import Calibration
from codesign.frontend.inputs import network_inputs
from codesign.frontend.suggestion import Suggestion


class _Frames(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, name: str, calibration: Calibration) -> None:
        self._left: Iterator[Any] = iter([{name: frame} for frame in calibration.frames])

    def get_next(self) -> Any:
        return next(self._left, None)


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """QDQ: codes of uint8, weights of int8, one scale an output channel."""
    inputs = network_inputs(model.graph)
    if len(inputs) != 1:
        return None
    with tempfile.TemporaryDirectory(prefix="codesign_") as scratch:
        source, result = Path(scratch) / "float.onnx", Path(scratch) / "int8.onnx"
        onnx.save(model, source)
        try:
            quantize_static(
                source,
                result,
                _Frames(inputs[0].name, calibration),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        except Exception as error:  # whatever onnxruntime raises
            reason = first_line(error)
            raise GraphError(f"onnxruntime.quantization does not quantize it ({reason[:200]})") from None
        made = onnx.load(result)
    model.CopyFrom(made)
    return "by onnxruntime.quantization.quantize_static, QDQ, uint8 activations, int8 weights a channel"


SUGGESTION = Suggestion("the whole network quantized to 8 bits", rewrite)
