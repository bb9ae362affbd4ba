"""Runs a build's back ends on the same images and compares them with the integer graph, tensor by tensor.

The stages, in the order of the chain, are the modules of `codesign/verification/stages`.
"""

STAGES = ("brevitas", "qonnx", "litert", "onnxruntime", "graph", "hls", "blocks", "rtl")
"""Those of a whole verdict."""

FURTHER = ("vitis", "netlist", "tail")
"""Those that run only if they are asked for, and the tail, of builds that have one."""
