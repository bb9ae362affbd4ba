"""Gains of places: `mul.sv` by a value a pixel, which comes out of two tables (`gain_map.sv`)."""

from __future__ import annotations

from codesign.graph.ops.gain_map import GainMap
from codesign.graph.types import TensorType
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.ops.mul import Products


def products(op: GainMap, inputs: Types, folding: Folding) -> Products:
    """The products of a block with gains, one for all channels of a pixel."""
    (x,) = inputs
    return Products(x, TensorType((1, *x.shape[1:]), 0, op.most), folding)


def foldings(op: GainMap, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    return folded.foldings(folded.lane_counts(inputs[0].channels))


def lanes(op: GainMap, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: GainMap, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
