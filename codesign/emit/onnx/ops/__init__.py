"""One file an operator: its nodes of standard ONNX.

The part of operator X is `emit/onnx/ops/x.py` with one function, which adds to a builder of `codesign.emit.onnx.base`:

    emit(builder, node)
"""
