"""Predicted resources against what Yosys makes of the block: the sweep is benchmarks/cost_model.py, this is a taste."""

import numpy as np
import pytest

from codesign.cost._memory import most_rom_luts, rom_in_block, rom_luts
from codesign.cost.base import Folding
from codesign.emit.rtl import library
from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.plugins import load
from codesign.resources import rtl_dir
from codesign.synthesis import synthesize_module

RNG = np.random.default_rng(5)


def weights(most, *shape):
    return RNG.integers(-most, most + 1, shape)


BLOCKS = {
    "a window in look-up tables": (
        MaxPool((3, 3), (2, 2), (1, 1, 1, 1)), TensorType((4, 10, 10), 0, 255), Folding(2, 2)
    ),
    "a unit a channel": (
        Depthwise(weights(7, 6, 1, 3, 3), weights(1999, 6), (1.0,), (1, 1), (1, 1, 1, 1)),
        TensorType((6, 8, 8), 0, 255), Folding(3, 3),
    ),
    "two outputs a slice, and a product too small for one": (
        Conv(weights(7, 6, 4, 1, 1), weights(1999, 6)), TensorType((4, 5, 5), -8, 7), Folding(3, 2, weights="lut")
    ),
    "a single word of weights, wanted in block RAM": (
        Conv(weights(7, 4, 2, 1, 1), weights(1999, 4)), TensorType((2, 5, 5), 0, 255), Folding(4, 2, weights="block")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BLOCKS)
def test_slices_and_block_rams_are_exact_and_tables_and_flip_flops_near(name, tmp_path):
    op, x, folding = BLOCKS[name]
    outputs = op.infer(x)
    block = load("codesign.emit.rtl", op.kind).block("b", op, (x,), outputs, folding)
    for memory in block.memories:
        memory.write(tmp_path)
    sources = library.sources([block.module], rtl_dir())
    found = synthesize_module(sources, block.module, block.parameters, folder=tmp_path)
    cost = load("codesign.cost", op.kind).cost(op, (x,), outputs, folding)
    assert (cost.dsp, cost.bram36) == (found.dsp, found.bram36)
    assert cost.ff == pytest.approx(found.ff, rel=0.1)
    if "single word" not in name:  # constants: what becomes of them the model does not follow
        assert cost.lut == pytest.approx(found.lut, rel=0.25)


def test_columns_of_few_words_repeat_each_other():
    assert rom_luts(1, 99) == 0
    assert rom_luts(2, 99) == 1
    assert rom_luts(4, 1000) == 12
    assert rom_luts(9, 8) == most_rom_luts(9, 8) == 8
    assert rom_luts(65, 8) == most_rom_luts(65, 8) == 16


def test_a_single_word_is_never_in_block_ram():
    assert not rom_in_block(1, 10_000)
    assert rom_in_block(1024, 36)
