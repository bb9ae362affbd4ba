"""The integer graph: what "correct" means."""

from codesign.graph.execute import execute
from codesign.graph.graph import Graph, Node
from codesign.graph.ops.base import IntArray, Op
from codesign.graph.store import digest, first_difference, load, save
from codesign.graph.types import TensorType, bits_for_range

__all__ = [
    "Graph",
    "IntArray",
    "Node",
    "Op",
    "TensorType",
    "bits_for_range",
    "digest",
    "execute",
    "first_difference",
    "load",
    "save",
]
