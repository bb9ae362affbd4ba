"""Which input pixels an output pixel waits for, by the schedule, and which ones really change it."""

import numpy as np
import pytest

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
from codesign.graph.reals import random_integers
from codesign.hardware.ops import split
from codesign.plugins import load, names

FRAMES = 48
HEIGHT, WIDTH = 8, 7


def tensor(channels, height=HEIGHT, width=WIDTH, lo=0, hi=255, **options):
    return TensorType((channels, height, width), lo, hi, **options)


def weights(*shape):
    return np.random.default_rng(0).choice([-7, -3, 2, 5], shape)


def convolution(kind, outputs, inputs, kernel, stride=1, pad=0, **options):
    bias = np.zeros(outputs, np.int64)
    return kind(weights(outputs, inputs, kernel, kernel), bias, (1.0,), (stride,) * 2, (pad,) * 4, **options)


SIGNS = np.where(weights(3, 2, 3, 3) > 0, 1, -1)
BITS = tensor(2, lo=-1, hi=1, step=2)
THRESHOLDS = np.tile(np.arange(0, 256, 17), (2, 1))

WINDOW = ["window", "whole", "ahead"]

CASES = {
    "add": (Add(), (tensor(2), tensor(2)), []),
    "avgpool": (AvgPool(64), (tensor(2, 4, 3),), ["ahead"]),
    "binary_conv": (BinaryConv(SIGNS, stride=(1, 1), pads=(1,) * 4), (BITS,), WINDOW),
    "binary_conv, pointwise": (BinaryConv(SIGNS[:, :, :1, :1]), (BITS,), ["window", "whole"]),
    "concat": (Concat(), (tensor(2), tensor(3)), ["in turn"]),
    "conv": (convolution(Conv, 3, 2, 3, pad=1), (tensor(2),), WINDOW),
    "conv, every other pixel": (convolution(Conv, 3, 2, 3, stride=2, pad=1), (tensor(2),), WINDOW),
    "conv, without a border": (convolution(Conv, 3, 2, 3), (tensor(2),), WINDOW),
    "conv, pointwise": (convolution(Conv, 3, 2, 1), (tensor(2),), ["window", "whole"]),
    "conv_tile": (
        ConvTile(weights(3, 2, 1, 1), np.zeros(3, int), (1.0,), np.array([2]), -128, 127, 4.0),
        (tensor(2),),
        ["window", "whole"],
    ),
    "deform": (Deform(weights(2, 1, 3, 3), np.zeros(2, int)), (tensor(2), tensor(1, lo=-2, hi=2)), WINDOW),
    "depthwise": (convolution(Depthwise, 2, 1, 3, pad=1), (tensor(2),), WINDOW),
    "gain_map": (GainMap(np.arange(1, HEIGHT + 1), np.arange(1, WIDTH + 1)), (tensor(2),), []),
    "group_conv": (convolution(GroupConv, 4, 2, 3, stride=2, groups=2), (tensor(4),), WINDOW),
    "group_conv, pointwise": (convolution(GroupConv, 4, 2, 1, groups=2), (tensor(4),), []),
    "interleave": (Interleave(), (tensor(2), tensor(2)), ["wires"]),
    "linear": (Linear(weights(5, 24), np.zeros(5, int)), (tensor(2, 4, 3),), ["whole", "ahead"]),
    "lookup": (Lookup(np.arange(256)[None] - 90, 0, 1.0), (tensor(2),), []),
    "maxpool": (MaxPool((3, 3), (2, 2), (1, 1, 1, 1)), (tensor(2),), WINDOW),
    "maxpool, side by side": (MaxPool((2, 2), (2, 2), (0, 0, 0, 0)), (tensor(2),), WINDOW),
    "maxpool, dilated": (MaxPool((3, 3), (1, 1), (2, 2, 2, 2), (2, 2)), (tensor(2),), WINDOW),
    "mul": (Mul(), (tensor(2), tensor(2)), []),
    "mul by a value a channel": (Mul(), (tensor(2), tensor(2, 1, 1)), []),
    "mul by a value a pixel": (Mul(), (tensor(2), tensor(1)), []),
    "peak": (Peak(-90, -128), (tensor(2, lo=-128, hi=127),), WINDOW),
    "requant": (Requant(np.array([0]), 0, 127, 1.0), (tensor(2),), []),
    "shuffle": (Shuffle(2), (tensor(4),), ["whole", "wires"]),
    "split": (Split((1, 3)), (tensor(4),), []),
    "rescale": (Rescale([3], [1], [1], 0, 127, 1.0), (tensor(2),), []),
    "threshold": (Threshold(THRESHOLDS, np.ones(2, int), 0, 1.0), (tensor(2),), []),
    "depth to space": (DepthToSpace((2, 3)), (tensor(12, 3, 4),), ["ahead"]),
    "depth to space, cropped": (DepthToSpace((3, 2), (2, 1)), (tensor(12, 3, 4),), ["ahead"]),
    "top_k": (TopK(1), (tensor(3),), ["whole"]),
    "upsample": (Upsample(2), (tensor(2, 3, 4),), ["ahead"]),
}


def changed_by(op, inputs):
    """(output pixels, pixels of input 0): whether one changes when the other does."""
    rng = np.random.default_rng(1)
    frames = [random_integers(rng, kind, FRAMES) for kind in inputs]
    for kind, q in zip(inputs, frames, strict=True):
        q[1:] = np.where(rng.random((FRAMES - 1, 1, 1, 1)) < 0.5, kind.hi, q[1:])
    before, other = op.execute(*frames), random_integers(rng, inputs[0], FRAMES)
    columns = []
    for pixel in np.ndindex(inputs[0].shape[1:]):
        moved = frames[0].copy()
        moved[:, :, *pixel] = other[:, :, *pixel]
        pairs = zip(before, op.execute(moved, *frames[1:]), strict=True)
        columns.append(np.any([(a != b).any(axis=(0, 1)).reshape(-1) for a, b in pairs], axis=0))
    return np.stack(columns, axis=1)


def test_there_is_a_case_of_every_operator():
    assert {op.kind for op, _, _ in CASES.values()} == set(names("codesign.graph.ops"))


@pytest.mark.parametrize("name", CASES)
def test_an_output_pixel_waits_for_the_last_pixel_that_changes_it(name):
    op, inputs, how = CASES[name]
    found = load("codesign.hardware.ops", op.kind).dependence(op, inputs, op.infer(*inputs))
    changed = changed_by(op, inputs)
    first, last = changed.argmax(1), changed.shape[1] - 1 - changed[:, ::-1].argmax(1)
    inside = last - first == (last - first).max()  # the others' windows reach over the border
    assert (found.last[inside] == last[inside]).all()
    assert (found.last >= last).all() and (found.last < inputs[0].pixels).all()
    begins = first if found.first is None else found.first
    assert (begins[inside] == first[inside]).all() and (begins <= first).all()
    flags = {"window": found.first is not None, "in turn": found.in_turn}
    flags |= {flag: getattr(found, flag) for flag in ("whole", "ahead", "wires")}
    assert {flag for flag, on in flags.items() if on} == set(how)
    assert found.parts == (op.sizes if op.kind == "split" else ())


def test_lanes_of_a_split_divide_its_first_part():
    op, x = Split((4, 6)), TensorType((10, 3, 3), 0, 15)
    assert [folding.pe for folding in split.foldings(op, (x,), op.infer(x))] == [1, 2, 4]
