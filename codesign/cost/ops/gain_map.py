"""Price of `gain_map.sv`."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import table_luts, varying_bits
from codesign.cost.mvu import LEAST_DSP_PRODUCT
from codesign.cost.ops import mul
from codesign.graph.op import IntArray
from codesign.graph.ops.gain_map import GainMap
from codesign.hardware.folding import Folding, Types, count_bits
from codesign.hardware.ops.gain_map import products


class Luts(NamedTuple):
    """bit_pair: of the gains of a row and of a column."""

    control: float
    counter_bit: float
    bit_pair: float


def cost(op: GainMap, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """The products, as of `mul`; beside them the place, the tables of both gains, and their product."""
    luts, found = coefficients("gain_map", Luts), mul.price(products(op, inputs, folding), outputs[0])
    place = count_bits(op.rows.size) + count_bits(op.columns.size)
    rows, columns = _bits(op.rows), _bits(op.columns)
    tables = sum(table_luts(gains[None, :, None], bits) for gains, bits in ((op.rows, rows), (op.columns, columns)))
    varying = sum(varying_bits(gains[:, None], bits) for gains, bits in ((op.rows, rows), (op.columns, columns)))
    in_slice = rows + columns >= LEAST_DSP_PRODUCT  # with what comes out of the tables
    own = luts.control + luts.counter_bit * place + luts.bit_pair * rows * columns * (not in_slice)
    return replace(
        found,
        lut=found.lut + tables + round(own),
        ff=found.ff + place + varying * (not in_slice) + 1,
        dsp=found.dsp + in_slice,
    )


def _bits(gains: IntArray) -> int:
    return int(gains.max()).bit_length()
