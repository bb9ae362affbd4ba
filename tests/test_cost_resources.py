"""Predicted resources against what Yosys makes of the block: the sweep is benchmarks/cost/judge.py, this is a taste."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.cost.memory import table_luts, varying_bits
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Memory
from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.threshold import Threshold
from codesign.hardware.folding import Folding, beats
from codesign.hardware.memory import rom_in_block, rom_luts, rom_ramb18
from codesign.hardware.ops import conv
from codesign.plugins import load
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
    "outputs that leave three at once, and wait for no turn": (
        Conv(weights(127, 6, 2, 1, 1), weights(1999, 6)), TensorType((2, 5, 5), 0, 255), Folding(3, 2)
    ),
    "single thresholds of channels that rise and fall": (
        Threshold(weights(900, 5, 1), np.array([1, -1, 1, 1, -1]), 0, 1.0),
        TensorType((5, 4, 4), -1024, 1023), Folding(2, 2),
    ),
}  # fmt: skip


def predicted_and_found(op, x, folding, tmp_path):
    outputs = op.infer(x)
    block = load("codesign.emit.rtl.ops", op.kind).block("b", op, (x,), outputs, folding)
    for memory in block.memories:
        memory.write(tmp_path)
    sources = library.sources([block.module], rtl_dir())
    found = synthesize_module(sources, block.module, block.parameters, folder=tmp_path)
    return load("codesign.cost.ops", op.kind).cost(op, (x,), outputs, folding), found


@pytest.mark.parametrize("name", BLOCKS)
def test_slices_and_block_rams_are_exact_and_tables_and_flip_flops_near(name, tmp_path):
    cost, found = predicted_and_found(*BLOCKS[name], tmp_path)
    assert (cost.dsp, cost.bram36) == (found.dsp, found.bram36)
    assert cost.ff == pytest.approx(found.ff, rel=0.1)
    assert cost.lut == pytest.approx(found.lut, rel=0.25)


def test_columns_of_bits_that_are_alike_share_a_table():
    def luts(*words):
        return table_luts(np.array(words)[None, :, None], 4)

    assert luts(5) == 0
    assert luts(0b1010, 0b0101, 0b1010, 0b0101) == 1  # half of the columns are the address, half its complement
    assert luts(0b1110, 0b1101, 0b1011, 0b0111) == 4
    assert luts(0b1100, 0b1100, 0b0011, 0b1100) == 2
    assert luts(*[7] * 64) == luts(*[7] * 65) == 0


@pytest.mark.parametrize("depth", [128, 256, 400])
def test_tables_of_few_distinct_thresholds_are_as_narrow_as_these(depth, tmp_path):
    words = np.rint(RNG.normal(0, 12, (depth, 1))).astype(int)  # bits above the sixth are alike
    Memory("rom.mem", words, 14).write(tmp_path)
    parameters = {"DEPTH": depth, "WIDTH": 14, "BLOCK": 0, "DATA_FILE": "rom.mem"}
    found = synthesize_module(library.sources(["rom"], rtl_dir()), "rom", parameters, folder=tmp_path)
    assert found.lut == pytest.approx(table_luts(words[None], 14), abs=3)
    assert found.lut < rom_luts(depth, 14) * 0.6


@pytest.mark.parametrize("depth", [9, 100, 150, 330, 520])
def test_tables_of_any_contents_take_what_is_said(depth, tmp_path):
    Memory("rom.mem", RNG.integers(0, 256, (depth, 1)), 8).write(tmp_path)
    parameters = {"DEPTH": depth, "WIDTH": 8, "BLOCK": 0, "DATA_FILE": "rom.mem"}
    found = synthesize_module(library.sources(["rom"], rtl_dir()), "rom", parameters, folder=tmp_path)
    assert found.lut == pytest.approx(rom_luts(depth, 8), abs=1)


def test_a_single_word_is_never_in_block_ram(tmp_path):
    op = Conv(weights(7, 4, 2, 1, 1), weights(1999, 4))
    folding = Folding(4, 2, weights="block")
    cost, found = predicted_and_found(op, TensorType((2, 5, 5), 0, 255), folding, tmp_path)
    assert (cost.dsp, cost.bram36) == (found.dsp, found.bram36) == (4, 0)
    assert not rom_in_block(1, 10_000)
    assert rom_in_block(512, 36)


PLACES = np.arange(20)
BITS = RNG.integers(0, 2, (20, 36))
"""(words, columns), no two columns alike."""


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (np.column_stack([BITS, 0 * PLACES, PLACES >= 0]), 36),
        (np.column_stack([BITS[:, :35], BITS[:, 7], PLACES >> 4]), 37),
    ],
    ids=["alike in all words", "equal to another, and an address bit"],
)
def test_a_block_ram_holds_all_columns_but_those_that_are_alike_in_all_words(words, columns, tmp_path):
    Memory("rom.mem", words, 1).write(tmp_path)
    parameters = {"DEPTH": 20, "WIDTH": words.shape[1], "BLOCK": 1, "DATA_FILE": "rom.mem"}
    found = synthesize_module(library.sources(["rom"], rtl_dir()), "rom", parameters, folder=tmp_path)
    assert varying_bits(words, 1) == columns
    assert rom_ramb18(20, columns) == 2 * found.bram36 == -(-columns // 36)


def test_signs_of_weights_that_are_never_negative_take_no_column(tmp_path):
    x, folding = TensorType((10, 6, 6), 0, 255), Folding(2, 5, weights="block")  # words of 40 bits
    signed = Conv(weights(7, 10, 10, 3, 3), weights(1999, 10), (1.0,), (1, 1), (1, 1, 1, 1))
    values = signed.weight.copy()
    values[1::2] = abs(values[1::2])  # of the two outputs at once the second one's
    for op, halves in ((signed, 2), (replace(signed, weight=values), 1)):
        cost, found = predicted_and_found(op, x, folding, tmp_path)
        buffers = conv.window(op, (x,), folding).ramb18() + conv.unit(op, (x,), op.infer(x), folding).input_block
        assert cost.bram36 == found.bram36 == (halves + buffers) / 2


def test_a_few_words_of_weights_are_not_offered_in_block_ram():
    x, op = TensorType((8, 5, 5), 0, 255), Conv(weights(7, 8, 8, 1, 1), weights(1999, 8))
    words = {"block": set(), "lut": set()}
    for folding in conv.foldings(op, (x,), op.infer(x)):
        words[folding.weights].add(beats(8, folding.pe) * beats(8, folding.simd))
    assert words["block"] == {count for count in words["lut"] if count > 16} == {24, 32, 64}
