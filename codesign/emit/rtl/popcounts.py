"""Prints binary channels as popcounts: each by itself (XNOR-popcount), or by reuse along a tree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from codesign.emit.rtl.base import template
from codesign.reuse.mst import ReuseTree, signs


def plain_module(weight: ArrayLike, name: str) -> str:
    """Module `name` with the popcounts of xnor(x, w) for weights (C, n) of +-1.

    Ports: x_i, a bit an input; y_o, `popcount_bits` bits a channel, unsigned, channel 0 lowest.
    Raises GraphError for other weights.
    """
    matrix = signs(weight)
    inputs = matrix.shape[1]
    channels = [
        {"index": index, "value": f"ones(x_i ~^ {inputs}'h{_mask(row > 0):x})"} for index, row in enumerate(matrix)
    ]
    return _print(name, inputs, channels)


def reuse_module(tree: ReuseTree, name: str) -> str:
    """As `plain_module`, each channel's popcount from its parent's in `tree`."""
    inputs = tree.weight.shape[1]
    return _print(name, inputs, [{"index": int(i), "value": _reused(tree, int(i))} for i in tree.order])


def popcount_bits(inputs: int) -> int:
    """Width of a popcount of so many bits."""
    return inputs.bit_length()


def _reused(tree: ReuseTree, channel: int) -> str:
    """A channel's popcount by the equations of `reuse/mst.py`."""
    weight, positions = tree.weight[channel], tree.positions(channel)
    products = ", ".join(f"{'~' if weight[k] < 0 else ''}x_i[{k}]" for k in positions)
    padding = len(weight) - len(positions)
    parts = ", ".join(filter(None, [f"{padding}'b0" if padding else "", products]))
    counted, bits = f"ones({{{parts}}})", popcount_bits(len(weight))
    if channel == tree.root:
        return counted
    parent = f"p{tree.parent[channel]}"
    doubled = f"({counted} << 1)" if len(positions) else f"{bits}'d0"
    if tree.complement[channel]:
        return f"{bits}'d{padding} - {parent} + {doubled}"
    return f"{parent} - {bits}'d{len(positions)} + {doubled}"


def _print(name: str, inputs: int, channels: list[dict[str, object]]) -> str:
    bits = popcount_bits(inputs)
    return template("popcounts.sv.j2").render(name=name, inputs=inputs, bits=bits, channels=channels)


def _mask(bits: np.ndarray) -> int:
    return sum(1 << int(place) for place in np.flatnonzero(bits))
