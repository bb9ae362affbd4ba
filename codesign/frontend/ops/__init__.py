"""Readers of ONNX operators: every file has `READERS`, functions by the ONNX operator's name.

A reader takes the importer and an ONNX node, and gives what the node's outputs stand for; see
`codesign.frontend.importer`.
"""
