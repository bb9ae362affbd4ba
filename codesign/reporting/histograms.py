"""Distributions of weights and activations, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.graph import Graph, IntArray, execute
from codesign.graph.op import weights
from codesign.reporting.summary import Unit

BINS = 32


@dataclass(frozen=True)
class Histogram:
    """Integers in [lo, hi], the range of their type: how many there are in each of equally wide parts.

    bits: of the type; zeros: share of zeros; ends: share of values other than 0 at either end, clipped ones included.
    """

    lo: int
    hi: int
    bits: int
    counts: tuple[int, ...]
    zeros: float
    ends: float


@dataclass(frozen=True)
class Layer:
    """A unit's distributions; weights None where it has none."""

    unit: str
    operator: str
    weights: Histogram | None
    activations: Histogram


def layers(graph: Graph, parts: Sequence[Unit], images: IntArray) -> tuple[Layer, ...]:
    """Histograms of every unit with weights: of these, and of its output on `images` (N, C, H, W)."""
    (source,) = graph.inputs
    weighted = [unit for unit in parts if any(weights(graph.node(block.name).op) for block in unit.blocks)]
    shown = {unit.name: unit.outputs[0].name for unit in weighted}
    values: Mapping[str, IntArray] = execute(graph, {source: images}, keep=tuple(shown.values()))
    return tuple(_layer(graph, unit, values[shown[unit.name]]) for unit in weighted)


def _layer(graph: Graph, unit: Unit, values: IntArray) -> Layer:
    tensor = unit.outputs[0]
    kind = graph.types[tensor.name]
    arrays = [array.ravel() for block in unit.blocks for array in weights(graph.node(block.name).op)]
    joined = np.concatenate(arrays)
    most = max(abs(int(joined.min())), abs(int(joined.max())), 1)
    bits = max(1 + most.bit_length(), 2) if most > 1 else 1 if joined.all() else 2
    return Layer(
        unit.name, unit.operator, histogram(joined, -most, most, bits), histogram(values, kind.lo, kind.hi, kind.bits)
    )


def histogram(values: IntArray, lo: int, hi: int, bits: int) -> Histogram:
    """The histogram of integers of any shape; a bin holds a whole number of integers where the range allows."""
    span = hi - lo + 1
    bins = span if span <= BINS else BINS
    counts, _ = np.histogram(values, bins=bins, range=(lo - 0.5, hi + 0.5))
    size = max(1, values.size)
    ends = int((((values <= lo) | (values >= hi)) & (values != 0)).sum()) / size
    return Histogram(lo, hi, bits, tuple(counts.tolist()), int((values == 0).sum()) / size, ends)
