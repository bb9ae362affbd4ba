"""Binary convolution (`hls/nnet_binary_conv.h`): every sum counted by itself, or along the tree that is baked in."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.hls.base import HlsBlock, Layer, own, precision, sliding_windows
from codesign.graph.op import IntArray
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.hardware.mvu import fold_matrix
from codesign.reuse.mst import reuse_tree

Array = tuple[IntArray, str]


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op, folding = cast(BinaryConv, block.op), block.folding
    (x,), (y,) = block.inputs, block.outputs
    constants = {
        **sliding_windows(x, y, op.kernel, op.stride, op.pads),
        "n_filt": y.type.channels,
        "n_place": op.inputs,
    }
    if folding.wired:
        arrays = _tree(op)
        constants |= {"n_counted": arrays["place"][0].size, "interval": max(1, op.inputs // folding.simd)}
        return own(block, constants, arrays=arrays)
    words = fold_matrix((op.matrix > 0).astype(np.int64), folding.pe, folding.simd)
    constants |= {"pe": folding.pe, "simd": folding.simd, "cycles": len(words)}
    return own(block, constants, arrays={"weight": (words, "uint<1>")})


def _tree(op: BinaryConv) -> dict[str, Array]:
    """The channels from the tree's root down, and what each of them counts."""
    tree = reuse_tree(op.matrix)
    order = tree.order
    places = [tree.positions(int(channel)) for channel in order]
    first = np.cumsum([0, *map(len, places)])
    weight = [tree.weight[channel, found] > 0 for channel, found in zip(order, places, strict=True)]
    parent = np.maximum(tree.parent[order], 0)
    # A layer of equal channels counts nothing but its root; an array is never empty, for the root has places.
    return {
        "order": _unsigned(order),
        "parent": _unsigned(parent),
        "sign": (np.where(tree.complement[order], -1, 1), "int<2>"),
        "first": _unsigned(first),
        "place": _unsigned(np.concatenate(places)),
        "weight": (np.concatenate(weight).astype(np.int64), "uint<1>"),
    }


def _unsigned(values: IntArray) -> Array:
    return values, precision(0, int(values.max()))
