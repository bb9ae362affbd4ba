"""Predicted resources against what Yosys makes of the block: the sweep is benchmarks/cost/judge.py, this is a taste."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cost.syntheses import top
from codesign.cost import error_bars, stream, window_bits
from codesign.cost.memory import mixed_luts, table_luts, varying_bits
from codesign.cost.ops import conv_tile as conv_tile_cost
from codesign.cost.ops import requant as requant_cost
from codesign.emit.rtl import library
from codesign.emit.rtl.base import Memory
from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding, beats
from codesign.hardware.memory import ram_luts, rom_in_block, rom_luts, rom_ramb18
from codesign.hardware.ops import conv, shuffle
from codesign.hardware.window_bits import WindowBits
from codesign.plugins import load, names
from codesign.resources import rtl_dir
from codesign.synthesis import synthesize_instances, synthesize_module

RNG = np.random.default_rng(5)


def weights(most, *shape):
    return RNG.integers(-most, most + 1, shape)


def tensor(channels, size=6, lo=0, hi=255, **options):
    return TensorType((channels, size, size), lo, hi, **options)


def matrix(kind, outputs, inputs, kernel=1, **options):
    pads = {"pads": (kernel // 2,) * 4} if kernel > 1 else {}
    return kind(weights(7, outputs, inputs, kernel, kernel), weights(1999, outputs), **pads, **options)


SHIFTS = np.array([4, 5, 7, 9, 6, 4])
ROWS = np.sort(RNG.integers(-1024, 1024, (6, 15)), axis=1)
SIGNS = RNG.choice([-1, 1], (8, 24, 3, 3))

BLOCKS = {
    "add": (Add(), (tensor(8), tensor(8)), Folding(4, 4)),
    "avgpool": (AvgPool(64), (tensor(6, 8),), Folding(3, 3)),
    "binary_conv": (BinaryConv(SIGNS, pads=(1,) * 4), (tensor(24, lo=-1, hi=1, step=2),), Folding(4, 8, weights="lut")),
    "concat": (Concat(), (tensor(8), tensor(12)), Folding(4, 4)),
    "conv": (matrix(Conv, 6, 4), (tensor(4, 5, -8, 7),), Folding(3, 2, weights="lut")),
    "conv, windows": (matrix(Conv, 6, 4, 3), (tensor(4),), Folding(3, 4, weights="block")),
    "conv, outputs that leave at once, and wait for no turn": (
        Conv(weights(127, 6, 2, 1, 1), weights(1999, 6)), (tensor(2, 5),), Folding(3, 2, weights="lut")
    ),
    "conv_tile": (
        ConvTile(weights(7, 24, 16, 1, 1), weights(1999, 24), (1.0,), np.array([6]), 0, 255, 64.0),
        (tensor(16),), Folding(2, 2, tile=9),
    ),
    "deform": (Deform(weights(7, 6, 1, 3, 3), weights(1999, 6)), (tensor(6), tensor(1, lo=-3, hi=3)), Folding(2, 2)),
    "depth_to_space": (DepthToSpace((2, 2)), (tensor(16),), Folding(2, 2)),
    "depth_to_space of three rows, the last one of them left out": (
        DepthToSpace((3, 2), (1, 1)), (tensor(24),), Folding(4, 4)
    ),
    "depthwise": (matrix(Depthwise, 6, 1, 3), (tensor(6, 8),), Folding(3, 3)),
    "gain_map": (GainMap([3, 2, 2, 2, 2, 3], [3, 2, 2, 2, 2, 2], 36), (tensor(6, hi=2295),), Folding(2, 2)),
    "gain_map of many gains": (
        GainMap(105 - np.arange(20), [105, 84, 70, *[60] * 16, 70]), (tensor(4, 20, -900, 900),), Folding(2, 2)
    ),
    "group_conv": (matrix(GroupConv, 8, 4, groups=2), (tensor(8),), Folding(4, 2, weights="lut")),
    "interleave": (Interleave(), (tensor(8), tensor(8)), Folding(4, 2)),
    "linear": (Linear(weights(7, 10, 96), weights(99, 10)), (tensor(6, 4),), Folding(2, 3, weights="lut")),
    "lookup": (
        Lookup(np.rint(127 * np.tanh(np.arange(-128, 128) / 30))[None], -128, 1.0),
        (tensor(6, 6, -128, 127),),
        Folding(2, 2),
    ),
    "maxpool": (MaxPool((3, 3), (2, 2), (1, 1, 1, 1)), (tensor(4, 10),), Folding(2, 2)),
    "mul": (Mul(), (tensor(8), tensor(8)), Folding(4, 4)),
    "mul by a value a channel": (Mul(), (tensor(24), tensor(24, 1)), Folding(3, 3)),
    "mul by a value a pixel, of few bits": (Mul(), (tensor(8, lo=-8, hi=7), tensor(1, hi=3)), Folding(2, 2)),
    "peak": (Peak(16, -128), (tensor(6, 10, -128, 127),), Folding(2, 2)),
    "requant": (
        Requant(SHIFTS, 0, 255, 1.0),
        (tensor(6, 6, -(2**15), 2**15 - 1, scale=tuple(2.0**-SHIFTS)),), Folding(3, 3),
    ),
    "shuffle": (Shuffle(2), (tensor(24),), Folding(2, 2)),
    "split": (Split((8, 12)), (tensor(20),), Folding(4, 4)),
    "rescale": (
        Rescale(np.array([90001, 77777, 65537] * 2), np.array([1 << 18, 5, 99]*2), [19], -113, 142, 1.0),
        (tensor(6, 6, -4000, 4000),),
        Folding(2, 2),
    ),
    "threshold": (Threshold(ROWS, np.ones(6, int), 0, 1.0), (tensor(6, 6, -1024, 1023),), Folding(2, 2)),
    "threshold, single ones of channels that rise and fall": (
        Threshold(weights(900, 5, 1), np.array([1, -1, 1, 1, -1]), 0, 1.0), (tensor(5, 4, -1024, 1023),), Folding(2, 2)
    ),
    "top_k": (TopK(1), (tensor(10, 1, -2048, 2047),), Folding(4, 4)),
    "top_k of several": (TopK(3), (tensor(24, 1, -128, 127),), Folding(1, 1)),
    "upsample": (Upsample(2), (tensor(16),), Folding(2, 2)),
}  # fmt: skip
"""One at least for every operator."""

QUICK = (
    "conv", "conv, outputs that leave at once, and wait for no turn", "depthwise", "maxpool",
    "threshold, single ones of channels that rise and fall",
)  # fmt: skip
"""The others are slow; `test_cost_fit.py` has all operators' kept syntheses."""

SMALL = 6
"""LUTs and flip-flops by which a block may miss whatever its error bar is."""

SINGLE_WORD = (Conv(weights(7, 4, 2, 1, 1), weights(1999, 4)), (tensor(2, 5),), Folding(4, 2, weights="block"))
SIGNED = Conv(weights(7, 10, 10, 3, 3), weights(1999, 10), (1.0,), (1, 1), (1, 1, 1, 1))
HALF_SIGNED = replace(
    SIGNED, weight=np.where(np.arange(10)[:, None, None, None] % 2, abs(SIGNED.weight), SIGNED.weight)
)
OF_40_BITS = (TensorType((10, 6, 6), 0, 255),), Folding(2, 5, weights="block")
SPECIAL = {"single word": SINGLE_WORD, "signed": (SIGNED, *OF_40_BITS), "half signed": (HALF_SIGNED, *OF_40_BITS)}

PLACES = np.arange(20)
BITS = RNG.integers(0, 2, (20, 36))
"""(words, columns), no two columns alike."""
COLUMNS = {
    "alike in all words": (np.column_stack([BITS, 0 * PLACES, PLACES >= 0]), 36),
    "equal to another, and an address bit": (np.column_stack([BITS[:, :35], BITS[:, 7], PLACES >> 4]), 37),
}
FEW = {depth: np.rint(RNG.normal(0, 12, (depth, 1))).astype(int) for depth in (128, 256, 400)}
"""Words of 14 bits, those above the sixth alike."""
ANY = {depth: RNG.integers(0, 256, (depth, 1)) for depth in (9, 100, 150, 330, 520)}
ROMS = {
    **{f"columns {name}": (words, 1, True) for name, (words, _) in COLUMNS.items()},
    **{f"few {depth}": (words, 14, False) for depth, words in FEW.items()},
    **{f"any {depth}": (words, 8, False) for depth, words in ANY.items()},
}
"""Words (depth, values), bits of a value, and whether they are in block RAM."""


def block_of(name, op, inputs, folding):
    return load("codesign.emit.rtl.ops", op.kind).block(name, op, inputs, op.infer(*inputs), folding)


def instances(text, modules, folder):
    """What the instances of a top take, all in one run of Yosys, most of whose time goes by before the first."""
    (folder / "top.sv").write_text(text)
    sources = [*library.sources(modules, rtl_dir()), folder / "top.sv"]
    return synthesize_instances(sources, folder, "xc7", cache=folder / "netlists", processes=1).instances


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each of the quick and the special blocks takes."""
    cases = {**{name: BLOCKS[name] for name in QUICK}, **SPECIAL}
    blocks = {f"b{index}": block_of(f"b{index}", *case) for index, case in enumerate(cases.values())}
    folder = tmp_path_factory.mktemp("blocks")
    for block in blocks.values():
        for memory in block.memories:
            memory.write(folder)
    made = instances(top(blocks), {block.module for block in blocks.values()}, folder)
    return dict(zip(cases, (made[name] for name in blocks), strict=True))


@pytest.fixture(scope="module")
def roms(tmp_path_factory):
    """What each of the memories takes."""
    folder, ports, lines = tmp_path_factory.mktemp("roms"), ["input logic clk_i, en_i"], []
    for index, (words, bits, block) in enumerate(ROMS.values()):
        Memory(f"{index}.mem", words, bits).write(folder)
        depth, width = len(words), words.shape[1] * bits
        ports += [f"input logic [{(depth - 1).bit_length() - 1}:0] a{index}", f"output logic [{width - 1}:0] d{index}"]
        lines.append(
            f'rom #(.DEPTH({depth}), .WIDTH({width}), .BLOCK({int(block)}), .DATA_FILE("{index}.mem")) r{index} '
            f"(.clk_i, .en_i, .addr_i(a{index}), .data_o(d{index}));"
        )
    made = instances("\n".join([f"module top ({', '.join(ports)});", *lines, "endmodule\n"]), ["rom"], folder)
    return {name: made[f"r{index}"] for index, name in enumerate(ROMS)}


def predicted(op, inputs, folding):
    return load("codesign.cost.ops", op.kind).cost(op, inputs, op.infer(*inputs), folding)


def predicted_and_found_alone(op, inputs, folding, tmp_path):
    block, cost = block_of("b", op, inputs, folding), predicted(op, inputs, folding)
    for memory in block.memories:
        memory.write(tmp_path)
    if block.weights:  # its end of the reader is beside it
        port = stream.reader_port(block.weights.port_words)
        cost = replace(cost, lut=cost.lut - port.lut, ff=cost.ff - port.ff)
    sources = library.sources([block.module], rtl_dir())
    return cost, synthesize_module(sources, block.module, block.parameters, folder=tmp_path)


def agree(op, cost, found):
    bars = error_bars.of_block(op.kind, cost)
    assert (cost.dsp, cost.bram36) == (found.dsp, found.bram36)
    assert cost.lut == pytest.approx(found.lut, abs=max(bars.of("lut"), SMALL))
    assert cost.ff == pytest.approx(found.ff, abs=max(bars.of("ff"), SMALL))


def test_there_is_a_block_of_every_operator_as_the_scheduler_may_choose_it():
    for op, inputs, folding in BLOCKS.values():
        assert folding in load("codesign.hardware.ops", op.kind).foldings(op, inputs, op.infer(*inputs))
    assert {op.kind for op, _, _ in BLOCKS.values()} == set(names("codesign.graph.ops"))


@pytest.mark.parametrize("name", QUICK)
def test_a_block_takes_what_is_said_within_the_error_bars_that_are_published(name, found):
    agree(BLOCKS[name][0], predicted(*BLOCKS[name]), found[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BLOCKS if name not in QUICK])
def test_every_operator_s_block_alone_takes_what_is_said(name, tmp_path):
    agree(BLOCKS[name][0], *predicted_and_found_alone(*BLOCKS[name], tmp_path))


def test_columns_of_bits_that_are_alike_share_a_table():
    def luts(*words):
        return table_luts(np.array(words)[None, :, None], 4)

    assert luts(5) == 0
    assert luts(0b1010, 0b0101, 0b1010, 0b0101) == 1  # half of the columns are the address, half its complement
    assert luts(0b1110, 0b1101, 0b1011, 0b0111) == 4
    assert luts(0b1100, 0b1100, 0b0011, 0b1100) == 2
    assert luts(*[7] * 64) == luts(*[7] * 65) == 0


@pytest.mark.parametrize("depth", FEW)
def test_tables_of_few_distinct_thresholds_are_as_narrow_as_these(depth, roms):
    found = roms[f"few {depth}"]
    assert found.lut == pytest.approx(table_luts(FEW[depth][None], 14), abs=3)
    assert found.lut < rom_luts(depth, 14) * 0.6


@pytest.mark.parametrize("depth", ANY)
def test_tables_of_any_contents_take_what_is_said(depth, roms):
    assert roms[f"any {depth}"].lut == pytest.approx(rom_luts(depth, 8), abs=1)


def test_a_single_word_is_never_in_block_ram(found):
    cost, used = predicted(*SINGLE_WORD), found["single word"]
    assert (cost.dsp, cost.bram36) == (used.dsp, used.bram36) == (4, 0)
    assert not rom_in_block(1, 10_000)
    assert rom_in_block(512, 36)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_block_ram_holds_all_columns_but_those_that_are_alike_in_all_words(name, roms):
    words, columns = COLUMNS[name]
    assert varying_bits(words, 1) == columns
    assert rom_ramb18(20, columns) == 2 * roms[f"columns {name}"].bram36 == -(-columns // 36)


@pytest.mark.parametrize(("name", "op", "halves"), [("signed", SIGNED, 2), ("half signed", HALF_SIGNED, 1)])
def test_signs_of_weights_that_are_never_negative_take_no_column(name, op, halves, found):
    """The half-signed weights without a column are those of the second of two outputs at once."""
    x, folding = OF_40_BITS
    buffers = conv.window(op, x, folding).ramb18() + conv.unit(op, x, op.infer(*x), folding).input_block
    assert predicted(op, x, folding).bram36 == found[name].bram36 == (halves + buffers) / 2


def test_biases_have_a_sign_though_none_is_negative():
    x, never = TensorType((4, 5, 5), 0, 255), np.array([3, 0, 100, 127])
    for bias, bits in ((never, 8), (-1 - never, 8), (never - 100, 8), (0 * never, 1)):
        op = Conv(weights(7, 4, 4, 1, 1), bias)
        assert conv.unit(op, (x,), op.infer(x), Folding(2, 2)).matrix.bias_bits == bits


@pytest.mark.parametrize(
    ("channels", "groups", "lanes"), [(24, 2, [1, 2, 4, 6, 12, 24]), (18, 3, [1, 3, 6, 18]), (10, 2, [1, 10])]
)
def test_a_shuffle_has_a_lane_all_channels_or_multiples_of_its_groups_that_divide_one(channels, groups, lanes):
    x = (tensor(channels),)
    assert [folding.pe for folding in shuffle.foldings(Shuffle(groups), x, x)] == lanes


def test_a_few_words_of_weights_are_not_offered_in_block_ram():
    x, op = TensorType((8, 5, 5), 0, 255), Conv(weights(7, 8, 8, 1, 1), weights(1999, 8))
    words = {"block": set(), "lut": set()}
    for folding in conv.foldings(op, (x,), op.infer(x)):
        words[folding.weights].add(beats(8, folding.pe) * beats(8, folding.simd))
    assert words["block"] == {count for count in words["lut"] if count > 16} == {24, 32, 64}


def test_a_memory_in_both_has_the_luts_of_its_rest_and_of_the_choice_of_every_bit():
    """64 words of 9 bits are in three RAM64M of four tables; 2048 words are one block RAM, with nothing to choose."""
    assert mixed_luts(2048 + 64, 9) == 3 * 4 + 9 + 4
    assert mixed_luts(2048 + 32, 9) == 2 * 4 + 9 + 4
    assert mixed_luts(2 * 2048 + 64, 9) == 3 * 4 + 9 + 4


def test_a_pixel_of_several_beats_is_held_until_its_last_has_come():
    """All but the last of its beats, and a counter of them; the window itself is the same."""
    x = TensorType((8, 6, 10), -1, 1, step=2)
    y = TensorType((4, 6, 10), -9, 9)
    whole, two, four = (window_bits.ff(WindowBits(x, y, lanes, (3, 3), (1, 1), (1, 1, 1, 1))) for lanes in (8, 4, 2))
    assert (two - whole, four - whole) == (4 + 1, 6 + 2)


def test_shifts_that_are_bits_of_the_channel_s_number_take_no_table():
    """Above the least of them: 0, 1, 2, 3 are the address; 0, 3, 2, 1 have a column that is not."""

    def luts(*shifts):
        op = Requant(np.array(shifts), 0, 255, 1.0)
        x = TensorType((4, 6, 6), -(2**15), 2**15 - 1, scale=tuple(2.0 ** -np.array(shifts)))
        return requant_cost.cost(op, (x,), op.infer(x), Folding(1, 1)).lut

    assert luts(1, 4, 3, 2) - luts(1, 2, 3, 4) == 1
    assert luts(3, 6, 5, 4) - luts(3, 4, 5, 6) == 1


def test_pixels_of_tiles_take_tables_or_what_chooses_between_block_rams():
    """17 windows of 4096 beats lie in 2^17 words of 8 bits: two halves of 4 bits, each in four banks."""
    op, x = Conv(weights(7, 32, 4096, 1, 1), weights(99, 32)), TensorType((4096, 4, 4), 0, 255)
    price = {b: conv_tile_cost.unit(op, (x,), op.infer(x), Folding(2, 1, buffer=b), 16) for b in ("block", "lut")}
    (y,) = op.infer(x)
    of_tables = ram_luts(2**17, 8) + ram_luts(2**9, 2 * y.bits)  # 17 pixels of 16 groups
    assert price["lut"].lut - price["block"].lut == of_tables - 2 * (4 + 4)
