"""How much of what the multipliers could do is useful, and what each block would ask of external memory by itself.

After Lavin, "On the Efficiency of Convolutional Neural Networks" (arXiv 2404.03617). The limit is every DSP of the
budget doing what it can in every cycle: two multiplications where its factors are wide enough. The efficiency gap
is the distance from there to the frame interval: DSPs that the schedule leaves out, and multipliers that wait
because their block is not the slowest or its folding overhangs its channels. The waterline is the multiplications
for each byte of external memory at which the target's memory, not its multipliers, becomes the limit: blocks below
it would be bound by memory if each of them went through it, as a layer-by-layer accelerator does; the network as it
is built moves the image, the outputs and streamed weights only.
"""

from __future__ import annotations

from math import ceil

from codesign.graph import Graph, IntArray, Node, TensorType
from codesign.graph.op import weights
from codesign.graph.types import bits_for_range


def limit_cycles(macs: int, products: int) -> int:
    """Fewest cycles of a frame with `products` multiplications done in each of them."""
    return ceil(macs / products)


def useful_share(macs: int, multipliers: int, interval_cycles: int) -> float:
    """Share of the multipliers' cycles between two frames that do useful work."""
    return macs / (multipliers * interval_cycles)


def bytes_alone(graph: Graph, node: Node) -> int:
    """What a block would move through external memory by itself: input, output and weights."""
    tensors = (*graph.input_types(node), *graph.output_types(node))
    return sum(map(_bytes, tensors)) + sum(map(_packed, weights(node.op)))


def _bytes(kind: TensorType) -> int:
    """Bytes of a frame in memory. Accumulators never leave a block: they count as the 8 bits they are rounded to."""
    return kind.channels * kind.pixels * min(kind.bits, 8) // 8 or 1


def _packed(array: IntArray) -> int:
    return ceil(array.size * bits_for_range(int(array.min()), int(array.max())) / 8)
