"""Readers of ONNX operators: every file has `READERS`, a `Reader` of `codesign.frontend.reader` for each operator.

A reader takes the importer and an ONNX node, and gives what the node's outputs stand for; see
`codesign.frontend.importer`.
"""
