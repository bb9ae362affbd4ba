"""Files made to do harm are refused in one line, and run nothing. `trust/hostile.py` has them all."""

import pytest

from trust import hostile

QUICK = (
    "recipe nested 100,000 deep",
    "recipe with an integer of a million digits",
    "recipe with huge sizes",
    "recipe with a Python object",
    "recipe with a network of 10^12 weights",
    "annotation of a billion laughs",
    "annotation that is a named pipe",
    "instances of 198 MB of junk",
    "annotation of an unknown class",
    "list with the name '../../secret'",
    "picture of 170 million pixels",
    "ONNX file of 20,000 nodes",
    "ONNX file with two nodes of one output",
    "ONNX file with a loop of 2^60 rounds",
    "ONNX file with functions that call each other 2^40 times",
    "ONNX file with 500 constants of 2^24 values",
    "weights that are a pickle",
    "graph with a bomb of 2 GB",
    "graph with pads of 2^30",
)


QUICK_TFLITE = (
    "TFLite file that ends early",
    "TFLite file with a negative scale",
    "TFLite file with a shape of 10,000 sides",
    "TFLite file with an operator's code beyond the list",
    "TFLite file that is an endless device",
)


@pytest.mark.parametrize("name", QUICK_TFLITE)
def test_a_hostile_tflite_file_is_refused_in_one_line(name):
    pytest.importorskip("tflite")
    assert hostile.attempt(name).crash == ""


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_file_is_refused_in_one_line(name):
    assert hostile.attempt(name).crash == ""
