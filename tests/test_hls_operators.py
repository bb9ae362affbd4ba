"""Every operator at its corner shapes, all in one hls4ml project so that g++ runs once."""

import numpy as np
import pytest

from codesign.emit.hls import run
from codesign.graph import Graph, Node, TensorType, execute
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
from codesign.hardware.folding import Folding
from tests.hls_projects import shared_project

FRAMES = 2
ONE = (1, 1, 1, 1)
RANDOM = np.random.default_rng(1)


def uint8(*shape):
    return TensorType(shape, 0, 255)


def bipolar(*shape):
    return TensorType(shape, -1, 1, step=2)


def int8(*shape):
    return TensorType(shape, -128, 127)


def conv(c_out, c_in, height, width, low=-7, high=7, **where):
    return Conv(RANDOM.integers(low, high + 1, (c_out, c_in, height, width)), bias(c_out), **where)


def depthwise(channels, height, width, **where):
    return Depthwise(RANDOM.integers(-7, 8, (channels, 1, height, width)), bias(channels), **where)


def group_conv(groups, c_out, c_in, height, width, low=-7, high=7, **where):
    """`c_in` and `c_out` channels a group."""
    weight = RANDOM.integers(low, high + 1, (groups * c_out, c_in, height, width))
    return GroupConv(weight, bias(groups * c_out), groups=groups, **where)


def binary_conv(c_out, c_in, height, width, **where):
    return BinaryConv(RANDOM.choice([-1, 1], (c_out, c_in, height, width)), **where)


def deform(channels):
    return Deform(RANDOM.integers(-7, 8, (channels, 1, 3, 3)), bias(channels))


def linear(n_out, n_in):
    return Linear(RANDOM.integers(-7, 8, (n_out, n_in)), bias(n_out))


def bias(count):
    return RANDOM.integers(-300, 300, count)


def threshold(rows, count, low, high, sign=(1,), **where):
    values = np.sort(RANDOM.integers(low, high + 1, (rows, count)), axis=1)
    return Threshold(values, np.array(sign), where.pop("lo", 0), 1.0, **where)


def requant(shift, lo, hi):
    """From accumulators whose channels' scales undo the shifts."""
    return Requant(np.array(shift), lo, hi, 1.0)


def conv_tile(c_out, c_in, shift, lo, hi, step=1.0):
    weight = RANDOM.integers(-7, 8, (c_out, c_in, 1, 1))
    return ConvTile(weight, bias(c_out), tuple(step * 2.0**-s for s in shift), np.array(shift), lo, hi, step)


def accumulators(shift, lo, hi, height=3, width=5):
    return TensorType((len(shift), height, width), lo, hi, tuple(2.0**-s for s in shift))


CASES = {
    "conv 3x3 padded": (conv(5, 3, 3, 3, pads=ONE), uint8(3, 5, 7)),
    "conv of a 1x1 map": (conv(2, 3, 3, 3, pads=ONE), uint8(3, 1, 1)),
    "conv stride 2, odd size": (conv(3, 2, 3, 3, stride=(2, 2), pads=ONE), int8(2, 9, 7)),
    "conv stride 4": (conv(3, 2, 3, 3, stride=(4, 4), pads=ONE), uint8(2, 9, 11)),
    "conv 2x2 stride 2 that leaves a row": (conv(3, 2, 2, 2, stride=(2, 2)), int8(2, 5, 5)),
    "conv padded on two sides only": (conv(3, 2, 3, 3, pads=(1, 0, 0, 2)), int8(2, 4, 4)),
    "conv 5x5 larger than its map": (conv(2, 1, 5, 5, pads=(2, 2, 2, 2)), uint8(1, 3, 2)),
    "conv 1x3 with vertical stride": (conv(2, 3, 1, 3, stride=(2, 1), pads=(0, 1, 0, 1)), uint8(3, 5, 4)),
    "conv 3x1": (conv(2, 3, 3, 1, pads=(1, 0, 1, 0)), uint8(3, 4, 5)),
    "conv pointwise": (conv(7, 5, 1, 1), int8(5, 3, 4)),
    "conv pointwise stride 2": (conv(4, 3, 1, 1, stride=(2, 2)), uint8(3, 5, 6)),
    "conv pointwise of a 1x1 map": (conv(4, 6, 1, 1), uint8(6, 1, 1)),
    "conv with two-bit weights": (conv(4, 6, 1, 1, low=-2, high=1), int8(6, 2, 2)),
    "conv with ternary weights": (conv(4, 6, 1, 1, low=-1, high=1), int8(6, 2, 2)),
    "conv with eight-bit weights": (conv(2, 3, 3, 3, low=-127, high=127, pads=ONE), uint8(3, 3, 3)),
    "conv of single bits": (conv(3, 4, 1, 1), TensorType((4, 2, 3), 0, 1)),
    "depthwise padded": (depthwise(5, 3, 3, pads=ONE), uint8(5, 4, 6)),
    "depthwise of a 1x1 map": (depthwise(3, 3, 3, pads=ONE), int8(3, 1, 1)),
    "depthwise stride 2": (depthwise(3, 3, 3, stride=(2, 2), pads=ONE), int8(3, 7, 5)),
    "depthwise stride 4": (depthwise(2, 3, 3, stride=(4, 4), pads=ONE), uint8(2, 9, 9)),
    "depthwise 1x1": (depthwise(3, 1, 1, stride=(2, 2)), uint8(3, 5, 4)),
    "depthwise 5x5": (depthwise(2, 5, 5, pads=(2, 2, 2, 2)), uint8(2, 6, 5)),
    "group_conv within groups": (group_conv(2, 6, 4, 3, 3, pads=ONE), uint8(8, 4, 6)),
    "group_conv of several groups at once": (group_conv(5, 3, 2, 3, 3, pads=ONE), int8(10, 3, 4)),
    "group_conv of a 1x1 map": (group_conv(2, 2, 2, 3, 3, pads=ONE), int8(4, 1, 1)),
    "group_conv stride 2, odd size": (group_conv(3, 1, 2, 3, 3, stride=(2, 2), pads=ONE), uint8(6, 7, 5)),
    "group_conv of single channels": (group_conv(3, 2, 1, 2, 3, stride=(1, 2), pads=(0, 1, 0, 2)), int8(3, 4, 5)),
    "group_conv pointwise": (group_conv(4, 2, 3, 1, 1), uint8(12, 2, 3)),
    "group_conv pointwise stride 2": (group_conv(2, 3, 2, 1, 1, stride=(2, 2)), uint8(4, 5, 4)),
    "group_conv with eight-bit weights": (group_conv(2, 2, 4, 3, 3, low=-127, high=127, pads=ONE), uint8(8, 3, 3)),
    "deform, dilation -7 to 7": (deform(4), uint8(4, 9, 8), TensorType((1, 9, 8), -7, 7)),
    "deform, dilation larger than the map": (deform(3), int8(3, 4, 3), TensorType((1, 4, 3), -7, 7)),
    "deform of a 1x1 map": (deform(2), uint8(2, 1, 1), TensorType((1, 1, 1), -3, 3)),
    "deform, dilation unsigned": (deform(2), uint8(2, 6, 5), TensorType((1, 6, 5), 0, 3)),
    "deform, dilation 1": (deform(2), uint8(2, 5, 4), TensorType((1, 5, 4), 1, 1)),
    "deform, dilation 0": (deform(2), uint8(2, 4, 4), TensorType((1, 4, 4), 0, 0)),
    "linear over a map": (linear(6, 30), uint8(3, 2, 5)),
    "linear over a vector": (linear(4, 7), int8(7, 1, 1)),
    "requant to unsigned": (requant([5], 0, 255), accumulators([5, 5], -9000, 9000)),
    "requant of every tie": (requant([2], -8, 7), accumulators([2], -40, 40, 9, 9)),
    "requant by shifts of both signs": (requant([3, -2, 0, 6], -128, 127), accumulators([3, -2, 0, 6], -700, 900)),
    "requant to the left": (requant([-3], 0, 255), accumulators([-3], 0, 50)),
    "requant to a symmetric range": (requant([4], -7, 7), accumulators([4], -500, 500)),
    "requant to 16 bits": (requant([6, 4], -32768, 32767), accumulators([6, 4], -3000000, 3000000)),
    "requant to one bit": (requant([3], 0, 1), accumulators([3], -50, 50)),
    "requant that cannot saturate": (requant([1], -128, 127), accumulators([1], -31, 90)),
    "maxpool 3x3 stride 2 of signed": (MaxPool((3, 3), (2, 2), ONE), int8(3, 7, 8)),
    "maxpool 2x2 that leaves a column": (MaxPool((2, 2), (2, 2)), uint8(2, 4, 5)),
    "maxpool dilated": (MaxPool((3, 2), (1, 2), ONE, (2, 3)), int8(2, 7, 8)),
    "maxpool with gaps": (MaxPool((2, 2), (3, 3)), int8(2, 7, 6)),
    "maxpool of a 1x1 map": (MaxPool((3, 3), (2, 2), ONE), int8(2, 1, 1)),
    "maxpool padded below": (MaxPool((3, 2), (1, 2), (0, 0, 2, 1)), TensorType((2, 5, 5), -100, -3)),
    "upsample by 2": (Upsample(2), int8(3, 3, 2)),
    "upsample by 3": (Upsample(3), uint8(2, 1, 3)),
    "upsample by 1": (Upsample(1), uint8(2, 2, 2)),
    "depth to space": (DepthToSpace((2, 2)), int8(12, 3, 2)),
    "depth to space of oblong blocks, cropped": (DepthToSpace((3, 2), (2, 1)), uint8(6, 2, 3)),
    "depth to space of a row": (DepthToSpace((1, 3)), int8(6, 1, 4)),
    "concat of signed and unsigned": (Concat(), int8(2, 3, 4), TensorType((3, 3, 4), 0, 15)),
    "concat of four": (Concat(), uint8(1, 2, 3), uint8(2, 2, 3), int8(3, 2, 3), uint8(1, 2, 3)),
    "split in three": (Split((1, 4, 2)), int8(7, 3, 2)),
    "shuffle of two groups": (Shuffle(2), uint8(6, 2, 3)),
    "shuffle of three groups": (Shuffle(3), int8(6, 2, 3)),
    "interleave of signed and unsigned": (Interleave(), int8(3, 2, 3), TensorType((3, 2, 3), 0, 15)),
    "add of signed and unsigned": (Add(), int8(3, 2, 3), TensorType((3, 2, 3), 0, 15)),
    "add whose sum is narrower": (Add(), TensorType((2, 2, 2), 3, 4), TensorType((2, 2, 2), -9, -1)),
    "mul of signed and unsigned": (Mul(), int8(3, 2, 3), TensorType((3, 2, 3), 0, 15)),
    "mul whose product is narrower": (Mul(), TensorType((2, 2, 2), 3, 4), TensorType((2, 2, 2), -9, -1)),
    "mul by a value a channel": (Mul(), uint8(3, 4, 3), int8(3, 1, 1)),
    "mul by a value a pixel": (Mul(), int8(3, 2, 3), uint8(1, 2, 3)),
    "mul by one value": (Mul(), uint8(3, 2, 3), uint8(1, 1, 1)),
    "mul of 16 bits": (Mul(), TensorType((2, 3, 3), -32768, 32767), TensorType((2, 1, 1), -32768, 32767)),
    "avgpool of a map": (AvgPool(16), uint8(3, 3, 5)),
    "avgpool of signed": (AvgPool(4), int8(2, 2, 2)),
    "avgpool of a 1x1 map": (AvgPool(1), int8(3, 1, 1)),
    "gain_map of unsigned": (GainMap([3, 2, 3], [3, 2, 2, 2, 3]), uint8(3, 3, 5)),
    "gain_map of signed, of many gains": (GainMap([105, 84, 70], [60]), int8(2, 3, 1)),
    "rescale of each channel": (
        Rescale([77, -40, 3, 0, 123457], [2048, -9, 0, 50, 1 << 45], [12, 11, 9, 3, 38], -113, 142, 1.0),
        TensorType((5, 3, 3), -9000, 8000),
    ),
    "rescale as float32 has it": (
        Rescale.of_float32(np.array([0.1, 0.3, 0.7, 3e-5], np.float32), -113, 142, 1.0),
        TensorType((4, 9, 9), -800, 999),
    ),
    "rescale, one multiplier for all": (Rescale([77], [5], [3], 0, 255, 1.0), TensorType((3, 6, 5), 0, 90)),
    "lookup, one table for all": (
        Lookup(np.rint(100 * np.sin(np.arange(-40, 90)))[None], -40, 1.0),
        TensorType((3, 6, 5), -39, 80),
    ),
    "lookup of each channel": (
        Lookup(np.random.default_rng(7).integers(-900, 900, (4, 256)), 0, 1.0),
        TensorType((4, 3, 3), 0, 255),
    ),
    "threshold of each channel": (threshold(4, 15, -3000, 3000), TensorType((4, 3, 3), -3000, 3000)),
    "threshold of falling channels": (
        threshold(4, 6, -90, 3000, sign=(1, -1, -1, 1), lo=-3),
        TensorType((4, 3, 3), -90, 3000),
    ),
    "threshold, one row for all": (threshold(1, 255, 0, 900, lo=-128), TensorType((3, 6, 5), 0, 900)),
    "threshold to bipolar": (threshold(5, 1, -9, 9, lo=-1, step=2), TensorType((5, 3, 3), -9, 9)),
    "threshold of bipolar": (threshold(5, 1, -2, 2, lo=-1, step=2), bipolar(5, 3, 3)),
    "conv of bipolar, padded": (conv(4, 3, 3, 3, low=-1, high=1, pads=ONE), bipolar(3, 4, 5)),
    "binary_conv padded": (binary_conv(5, 4, 3, 3, pads=ONE), bipolar(4, 4, 5)),
    "binary_conv pointwise stride 2": (binary_conv(3, 5, 1, 1, stride=(2, 2)), bipolar(5, 5, 4)),
    "binary_conv along a tree": (binary_conv(6, 4, 3, 3, pads=ONE), bipolar(4, 4, 5)),
    "binary_conv along a tree, stride 2": (binary_conv(4, 3, 3, 3, stride=(2, 2), pads=(1, 0, 0, 2)), bipolar(3, 5, 6)),
    "binary_conv along a tree of one": (binary_conv(1, 3, 1, 1), bipolar(3, 2, 2)),
    "depthwise of bipolar, padded": (depthwise(3, 3, 3, pads=ONE), bipolar(3, 4, 5)),
    "linear of bipolar": (linear(4, 24), bipolar(6, 2, 2)),
    "maxpool of bipolar": (MaxPool((3, 3), (2, 2), ONE), bipolar(3, 5, 5)),
    "concat of bipolar": (Concat(), bipolar(3, 2, 2), bipolar(2, 2, 2)),
    "peak of a plateau": (Peak(-1, -5), TensorType((2, 6, 7), -3, 1)),
    "peak, floor outside the range": (Peak(10, -128), uint8(1, 5, 4)),
    "peak of a 1x1 map": (Peak(10, -128), int8(3, 1, 1)),
    "top_k of a map": (TopK(1), TensorType((5, 3, 4), -2, 1)),
    "top_k of several": (TopK(4), TensorType((6, 2, 3), 0, 3)),
    "top_k of bipolar": (TopK(2), bipolar(3, 2, 2)),
    "conv_tile": (conv_tile(5, 6, [4], 0, 255), uint8(6, 3, 4)),
    "conv_tile with a shift for each channel": (conv_tile(4, 3, [2, 5, 0, 3], -128, 127), int8(3, 2, 3)),
}
FOLDINGS = {
    "binary_conv padded": Folding(2, 2),
    "binary_conv along a tree": Folding(6, 4, weights="wired"),
    "binary_conv along a tree, stride 2": Folding(4, 1, weights="wired"),
    "binary_conv along a tree of one": Folding(1, 3, weights="wired"),
    "conv 3x3 padded": Folding(5, 3),
    "conv stride 2, odd size": Folding(2, 2),
    "conv pointwise": Folding(7, 5),
    "conv_tile": Folding(5, 2, tile=8),
    "depthwise padded": Folding(2, 9),
    "group_conv within groups": Folding(3, 2),
    "group_conv of several groups at once": Folding(6, 4),
    "group_conv pointwise": Folding(4, 6),
    "deform, dilation -7 to 7": Folding(2, 1),
    "linear over a map": Folding(3, 10),
}


def names(case):
    index = list(CASES).index(case)
    return f"case{index}", [f"case{index}.in{i}" for i in range(len(CASES[case]) - 1)]


def graph_of_cases(cases):
    inputs, nodes = {}, []
    for case in cases:
        op, *types = CASES[case]
        node, sources = names(case)
        inputs |= dict(zip(sources, types, strict=True))
        nodes.append(Node(node, op, tuple(sources)))
    outputs = [name for node in nodes for name in node.outputs(3 if isinstance(node.op, Split) else 1)]
    return Graph("cases", inputs, tuple(nodes), tuple(outputs))


def every_value(kind):
    """Frames that begin with the range's ends and then are random."""
    values = random_integers(RANDOM, kind, FRAMES)
    values.reshape(-1)[:2] = kind.lo, kind.hi
    return values


def simulated(cases, folder):
    """The graph of some cases, what it should give, and what the compiled project in `folder` gives.

    An access beyond the end of an array, which C++ lets pass, ends the simulation.
    """
    graph = graph_of_cases(cases)
    inputs = {name: every_value(kind) for name, kind in graph.inputs.items()}
    if "requant of every tie" in cases:
        (ties,) = names("requant of every tie")[1]
        kind = graph.inputs[ties]
        inputs[ties][:, 0] = np.arange(kind.lo, kind.hi + 1).reshape(9, 9)
    foldings = {names(case)[0]: folding for case, folding in FOLDINGS.items() if case in cases}
    with shared_project(graph, folder, foldings=foldings) as project, pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "FLAGS", (*run.FLAGS, "-fsanitize=address"))
        got = run.run_hls(project, graph, inputs, processes=1)
    return graph, execute(graph, inputs), got


@pytest.fixture(scope="module")
def outcome(common_folder):
    return simulated(CASES, common_folder / "hls_operators")


@pytest.mark.parametrize("case", CASES)
def test_compiled_operator_equals_the_graph(outcome, case):
    graph, expected, got = outcome
    for name in graph.output_names(graph.node(names(case)[0])):
        np.testing.assert_array_equal(got[name], expected[name], err_msg=f"{case}: {name}")


def test_every_operator_of_the_graph_has_a_case():
    from codesign.plugins import names as operators

    assert {op.kind for op, *_ in CASES.values()} == set(operators("codesign.graph.ops"))
