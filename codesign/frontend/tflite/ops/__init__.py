"""Readers of TFLite operators: every file has `READERS`, a `Reader` of `codesign.frontend.tflite.reader` for each.

A reader takes the importer and an operator, and gives what the operator's output stands for.
"""
