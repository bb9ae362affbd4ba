"""Standard ONNX out of the integer graph."""

from codesign.emit.onnx.model import emit_qcdq
from codesign.emit.onnx.run import run_onnxruntime

__all__ = ["emit_qcdq", "run_onnxruntime"]
