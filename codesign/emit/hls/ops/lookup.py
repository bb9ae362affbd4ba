"""A function by its results (`hls/nnet_lookup.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels, signed_precision
from codesign.graph.ops.lookup import Lookup


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op, (x,) = cast(Lookup, block.op), block.inputs
    results = op.within(x.type)
    constants = {**pixels(x), "n_row": len(results), "n_value": results.shape[1], "first": x.type.lo}
    return own(block, constants=constants, arrays={"results": (results.reshape(-1), signed_precision(results))})
