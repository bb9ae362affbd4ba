"""Cycles between frames of a block by itself, counted from what it must take, give or compute."""

import numpy as np
import pytest

from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding
from codesign.plugins import load

SMALL = TensorType((6, 5, 7), 0, 15)
PIXELS = SMALL.pixels


def weights(*shape):
    return np.random.default_rng(1).integers(-7, 8, shape)


def zeros(count):
    return np.zeros(count, np.int64)


CASES = {
    "add": (Add(), (SMALL, SMALL), Folding(2, 2), 3 * PIXELS),
    "mul": (Mul(), (SMALL, SMALL), Folding(2, 2), 3 * PIXELS),
    "mul by a value a channel": (Mul(), (SMALL, TensorType((6, 1, 1), 0, 15)), Folding(2, 2), 3 * PIXELS),
    "mul by a value a pixel": (Mul(), (SMALL, TensorType((1, 5, 7), 0, 15)), Folding(6, 6), PIXELS),
    "gain_map": (GainMap(np.ones(5), np.ones(7)), (SMALL,), Folding(4, 4), 2 * PIXELS),
    "requant": (Requant(np.array([1]), 0, 7, 2.0), (SMALL,), Folding(4, 4), 2 * PIXELS),
    "threshold": (Threshold(np.array([[3, 9]]), np.ones(1, np.int64), 0, 1.0), (SMALL,), Folding(3, 3), 2 * PIXELS),
    "top_k": (TopK(1), (SMALL,), Folding(4, 4), 2 * PIXELS),
    "top_k of several": (TopK(3), (SMALL,), Folding(1, 1), 6 * PIXELS),
    "shuffle": (Shuffle(2), (SMALL,), Folding(2, 2), 3 * PIXELS),
    "shuffle that is wires": (Shuffle(2), (SMALL,), Folding(6, 6), PIXELS),
    "interleave": (Interleave(), (SMALL, SMALL), Folding(2, 2), 6 * PIXELS),
    "concat": (Concat(), (SMALL, SMALL), Folding(2, 2), 6 * PIXELS),
    "split": (Split((2, 4)), (SMALL,), Folding(2, 2), 3 * PIXELS),
    "depth to space": (DepthToSpace((2, 3)), (SMALL,), Folding(1, 1), 6 * PIXELS),
    "depth to space, cropped": (DepthToSpace((2, 1), (1, 0)), (SMALL,), Folding(3, 3), 2 * PIXELS),
    "upsample, rows in look-up tables": (Upsample(2), (SMALL,), Folding(3, 3), 4 * PIXELS * 2),
    "upsample, rows in block RAM": (Upsample(3), (TensorType((64, 5, 70), 0, 255),), Folding(4, 4), 9 * 350 * 16),
    "maxpool": (MaxPool((2, 2), (2, 2), (0, 0, 0, 0)), (TensorType((6, 6, 8), 0, 15),), Folding(2, 2), 48 * 3),
    "maxpool, dilated": (MaxPool((3, 3), (1, 1), (2, 2, 2, 2), (2, 2)), (SMALL,), Folding(2, 2), 9 * PIXELS * 3),
    "pointwise": (Conv(weights(4, 6, 1, 1), zeros(4)), (SMALL,), Folding(2, 3), 2 * 2 * PIXELS),
    "dense": (Conv(weights(4, 6, 3, 3), zeros(4), pads=(1, 1, 1, 1)), (SMALL,), Folding(4, 6), 9 * PIXELS),
    "depthwise": (Depthwise(weights(6, 1, 3, 3), zeros(6), pads=(1, 1, 1, 1)), (SMALL,), Folding(6, 6), 9 * PIXELS),
    "linear": (Linear(weights(10, 6), zeros(10)), (TensorType((6, 1, 1), 0, 15),), Folding(5, 2), 2 * 3),
}


@pytest.mark.parametrize("case", CASES)
def test_a_frame_takes_as_long_as_its_beats_or_its_products(case):
    op, inputs, folding, cycles = CASES[case]
    price = load("codesign.cost.ops", op.kind).cost(op, inputs, op.infer(*inputs), folding)
    assert price.interval_cycles == cycles
