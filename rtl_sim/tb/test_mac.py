"""mac, mac_pair: products in look-up tables are those of DSP slices; two products share a slice."""

from dataclasses import replace
from pathlib import Path

import pytest

from codesign.bench import Case, Streams, check_streams
from codesign.emit.rtl import library
from codesign.graph.ops.conv import Conv
from codesign.synthesis.module import synthesize_module
from rtl_sim.tb import test_conv, test_depthwise

LIBRARY = Path(__file__).parent.parent / "rtl"


def in_luts(case: Case, name: str) -> Streams:
    """The streams of a case whose products are made of look-up tables."""
    if isinstance(case.op, Conv):
        return replace(case, folding=replace(case.folding, products="lut")).streams(name)
    streams = case.streams(name)
    return replace(streams, block=replace(streams.block, parameters={**streams.block.parameters, "MULT": 1}))


def test_products_in_look_up_tables_are_exact_for_every_width_of_weights():
    widths = [(-1, 0), (-1, 1), (-4, 3), (-8, 7), (-16, 15), (-128, 127)]
    cases = [test_conv.case((4, 6), folding=(3, 2), weights=weights, x=(0, 255)) for weights in widths]
    cases += [test_conv.case((4, 6), folding=(2, 1), weights=weights, x=(-128, 127)) for weights in widths[2:4]]
    cases += [test_depthwise.case(3, (4, 4), lanes=3, x=(-8, 7))]
    check_streams([in_luts(case, f"mac{index}") for index, case in enumerate(cases)])


@pytest.mark.parametrize("sum_bits", [12, 21])
def test_two_products_take_one_dsp_slice(sum_bits):
    used = synthesize_module([LIBRARY / "mac_pair.sv"], "mac_pair", {"SUM_BITS": sum_bits})
    assert (used.dsp, used.bram36) == (1, 0)
    assert used.lut <= 4


def test_products_in_look_up_tables_take_no_dsp_slice():
    used = synthesize_module(library.sources(["mac"], LIBRARY), "mac", {"MULT": 1})
    assert used.dsp == 0
