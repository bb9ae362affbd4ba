"""What an operator's part in this package returns: layers of hls4ml.

The part of operator X is `emit/hls/ops/x.py` with one pure function

    layers(block) -> tuple[Layer, ...]

Streams carry the graph's integers, a whole pixel (all its channels) a beat, as `ap_int` or `ap_uint` of exactly the
tensor's bits: the same bits as in the SystemVerilog. Scales stay outside, so any scale can be carried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codesign.graph.op import IntArray, Op
from codesign.graph.types import TensorType, bits_for_range
from codesign.graph.windows import Pads, Pair
from codesign.hardware.folding import Folding, divisors


@dataclass(frozen=True)
class Stream:
    """A stream of the HLS design: its C++ identifier, and the tensor that passes through it."""

    name: str
    type: TensorType

    @property
    def precision(self) -> str:
        return precision(self.type.lo, self.type.hi)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C), as hls4ml orders it."""
        return self.type.height, self.type.width, self.type.channels


@dataclass(frozen=True, eq=False)
class HlsBlock:
    """A node of the graph, wired: one stream for each input and output."""

    name: str
    op: Op
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    folding: Folding


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of hls4ml.

    kind: class name in hls4ml's registry; precisions: `result`, `weight`, `bias`, `accum` where the class has them;
    reuse_factor: cycles in which one multiplier of it serves one result pixel.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    precisions: Mapping[str, str] = field(default_factory=dict)
    reuse_factor: int = 1


def own(
    block: HlsBlock,
    constants: Mapping[str, int] | None = None,
    types: Mapping[str, str] | None = None,
    arrays: Mapping[str, tuple[IntArray, str]] | None = None,
) -> tuple[Layer, ...]:
    """The layer of an operator that this library brings itself: `nnet::<kind>` from `hls/nnet_<kind>.h`.

    The C++ function is called with the streams and then the arrays; its configuration struct holds the `constants`
    and `types`. Arrays (values, precision) become hls4ml weights, which C simulation reads from `weights/*.txt`.
    """
    attributes = {
        "shapes": [list(s.shape) for s in block.outputs],
        "stream_types": [s.precision for s in block.outputs],
        "constants": dict(constants or {}),
        "typedefs": dict(types or {}),
        "arrays": {name: {"data": data, "precision": kind} for name, (data, kind) in (arrays or {}).items()},
    }
    inputs, outputs = (tuple(s.name for s in streams) for streams in (block.inputs, block.outputs))
    return (Layer(own_class_name(block.op.kind), block.name, inputs, outputs, attributes),)


def own_class_name(kind: str) -> str:
    """Name of this library's layer in hls4ml's registry, apart from hls4ml's own names."""
    return f"Codesign{kind.capitalize()}"


def precision(lo: int, hi: int) -> str:
    """hls4ml's name of the narrowest integer type for [lo, hi]."""
    return f"{'int' if lo < 0 else 'uint'}<{bits_for_range(lo, hi)}>"


def weight_precision(weight: IntArray) -> str:
    """Signed type for weights. A two-bit type with -2 in it is widened: hls4ml would take it for ternary weights."""
    lo, hi = min(int(weight.min()), -1), int(weight.max())
    return "int<3>" if lo == -2 and hi <= 1 else precision(lo, hi)


def signed_precision(values: IntArray) -> str:
    """Signed type for any integers."""
    return precision(min(int(values.min()), -1), int(values.max()))


def reuse_factor(folding: Folding, n_in: int, n_out: int) -> int:
    """hls4ml's reuse factor for about `pe * simd * taps` multipliers, none more, of an `n_in` x `n_out` product.

    hls4ml's resource strategy allows the divisors of n_in, and n_in times the divisors of n_out.
    """
    wanted = -(-n_out // min(folding.pe, n_out)) * -(-n_in // min(folding.inputs, n_in))
    allowed = [*divisors(n_in), *(n_in * d for d in divisors(n_out))]
    return min(factor for factor in allowed if factor >= wanted)


def pixels(stream: Stream) -> dict[str, int]:
    return {"n_pixels": stream.type.pixels, "n_chan": stream.type.channels}


def window(source: Stream) -> dict[str, int]:
    return {"in_height": source.type.height, "in_width": source.type.width, "n_chan": source.type.channels}


def sliding_windows(source: Stream, result: Stream, kernel: Pair, stride: Pair, pads: Pads) -> dict[str, int]:
    """What `windows` of `hls/nnet_windows.h` needs."""
    return {
        **window(source),
        "out_height": result.type.height,
        "out_width": result.type.width,
        "kernel_height": kernel[0],
        "kernel_width": kernel[1],
        "stride_height": stride[0],
        "stride_width": stride[1],
        "pad_top": pads[0],
        "pad_left": pads[1],
    }


def as_float(values: IntArray) -> Any:
    """hls4ml formats weights as floats; integers below 2^24 are exact there."""
    return np.asarray(values, dtype=np.float64)
