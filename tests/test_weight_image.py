"""The weight image and the reader's tables."""

import numpy as np
import pytest

from codesign.cost.ops.conv_tile import cost
from codesign.emit.rtl import weight_image as image
from codesign.emit.rtl.base import WeightStream
from codesign.emit.rtl.ops import conv_tile as emit
from codesign.graph import TensorType
from codesign.graph.ops.conv_tile import ConvTile
from codesign.hardware.folding import Folding
from codesign.hardware.ops.conv_tile import plan
from codesign.targets import BUS_BITS


def pointwise(c_in: int, c_out: int) -> tuple[ConvTile, TensorType]:
    """A fused convolution of 4-bit weights, and what it reads."""
    rng = np.random.default_rng(c_in)
    weight, bias = rng.integers(-7, 8, (c_out, c_in, 1, 1)), rng.integers(-99, 99, c_out)
    return ConvTile(weight, bias, (1.0,), np.array([4]), 0, 255, 16.0), TensorType((c_in, 4, 4), 0, 255)


def streamed(c_in: int, c_out: int, folding: Folding) -> WeightStream:
    op, x = pointwise(c_in, c_out)
    weights = emit.block("b", op, (x,), op.infer(x), folding).weights
    assert weights
    return weights


def test_regions_are_aligned_and_hold_each_blocks_units_bit_by_bit():
    blocks = {"a": streamed(10, 24, Folding(2, 3, tile=12)), "b": streamed(21, 36, Folding(4, 2, tile=8))}
    made = image.weight_image(blocks)
    for region, (node, weights) in zip(made.regions, blocks.items(), strict=True):
        assert region.node == node
        assert region.offset % image.ALIGNMENT == 0
        assert region.size % 8 == 0
        bits = np.unpackbits(
            np.frombuffer(made.data[region.offset : region.offset + region.size], np.uint8), bitorder="little"
        )
        fields = bits.reshape(-1, 4) @ (1 << np.arange(4))
        assert np.array_equal(fields, weights.units.reshape(-1) & 15)
    assert len(made.data) % image.ALIGNMENT == 0


def test_a_written_image_is_complete(tmp_path):
    made = image.weight_image({"a": streamed(10, 24, Folding(2, 3, tile=12))})
    made.write(tmp_path / "weights.bin")
    assert (tmp_path / "weights.bin").read_bytes() == made.data
    assert [path.name for path in tmp_path.iterdir()] == ["weights.bin"]


def test_demand_is_one_pass_over_the_weights_for_each_tile():
    op, x = pointwise(20, 32)
    folding, passes = Folding(2, 2, tile=8), 16 / 8
    made, price = plan(op, (x,), op.infer(x), folding), cost(op, (x,), op.infer(x), folding)
    assert made.region_bytes == pytest.approx(20 * 32 / 2, rel=0.3)
    assert price.memory_bytes == made.region_bytes * passes
    assert made.bus_share * 8 * price.interval_cycles == pytest.approx(price.memory_bytes)


@pytest.mark.parametrize(
    ("ports", "words"), [(1, 128), (4, 128), (5, 64), (8, 64), (9, 32), (16, 32), (17, 16), (40, 16)]
)
def test_ports_share_one_block_ram_of_512_words_down_to_two_bursts_each(ports, words):
    assert image.reader_depth(ports) == words
    assert words >= 2 * image.BURST


@pytest.mark.parametrize(
    ("pe", "simd", "tile"), [(1, 1, 8), (1, 4, 12), (2, 2, 8), (2, 10, 16), (4, 1, 8), (4, 2, 8), (4, 3, 8)]
)
def test_the_end_of_the_reader_holds_what_a_word_of_weights_takes_without_a_pause(pe, simd, tile):
    """The first of its units may be the last one in its bus word: a unit, then whole bus words, a power of two."""
    op, x = pointwise(20, 32)
    made = plan(op, (x,), op.infer(x), Folding(pe, simd, tile=tile))
    a_bus_word = BUS_BITS // made.unit_bits
    assert 1 + (made.port_words - 1) * a_bus_word >= made.folding.simd + made.extra
    assert made.port_words & (made.port_words - 1) == 0


def parted(units, made):
    """Weights (outputs, inputs) and biases of one pass of units, as `weight_units` says that they follow each other."""
    left, fields = iter(units.tolist()), -(-made.sum_bits // made.field_bits)
    groups = [(made.groups - 1 + turn) % made.groups for turn in range(made.groups)]
    words = {group: [] for group in groups}
    before, behind = ({group: [] for group in groups} for _ in range(2))
    for group in groups:
        for step in range(made.steps):
            words[group] += [next(left) for _ in range(made.folding.simd)]
            if step == 0:
                behind[group] += [next(left) for _ in range(made.extra)]
            elif step > made.steps - made.extra_steps:
                before[(group + 1) % made.groups] += [next(left) for _ in range(made.extra)]
    assert not list(left)
    extras = [before[group] + behind[group] for group in range(made.groups)]
    assert not any(np.any(units[:-fields]) for units in extras)
    digits = np.array([units[-fields:] for units in extras])  # (groups, fields, outputs of a group)
    sums = (digits << (made.field_bits * np.arange(fields))[:, None]).sum(axis=1).ravel()
    bits = fields * made.field_bits
    biases = np.where(sums >> (bits - 1), sums - (1 << bits), sums)
    lanes = np.array([words[group] for group in range(made.groups)])  # (groups, inputs, outputs of a group)
    return lanes.swapaxes(1, 2).reshape(-1, made.steps * made.folding.simd), biases


@pytest.mark.parametrize(
    ("c_in", "folding"),
    [
        (20, Folding(2, 2, tile=8)),
        (20, Folding(1, 5, tile=12)),
        (21, Folding(4, 2, tile=8)),
        (3, Folding(2, 3, tile=16)),
    ],
)
def test_a_pass_of_units_holds_every_weight_and_the_fields_of_every_bias(c_in, folding):
    op, x = pointwise(c_in, 44)
    made, units = plan(op, (x,), op.infer(x), folding), streamed(c_in, 44, folding).units
    assert units.min() >= -(1 << (made.field_bits - 1)) and units.max() < 1 << made.field_bits
    weights, biases = parted(units, made)
    assert np.array_equal(weights[:44, :c_in], op.weight[:, :, 0, 0])
    assert np.array_equal(biases[:44], op.bias)
