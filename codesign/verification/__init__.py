"""Runs a build's back ends on the same images and compares them with the integer graph, tensor by tensor.

The stages, in the order of the chain, are the modules of `codesign/verification/stages`.
"""

STAGES = ("brevitas", "qonnx", "onnxruntime", "graph", "hls", "blocks", "rtl")
