"""Where beats can wait without a FIFO: what stands in front of a join decides it."""

from types import SimpleNamespace

import numpy as np
import pytest

from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.plugins import load
from codesign.schedule.fifos import JITTER_BEATS, _held_by_fork


def network(*nodes, outputs):
    graph = Graph("g", {"x": TensorType((4, 6, 6), 0, 15)}, nodes, outputs)
    blocks = {}
    for node in nodes:
        types = [graph.types[name] for name in node.inputs], [graph.types[name] for name in graph.output_names(node)]
        dependence = load("codesign.hardware.ops", node.op.kind).dependence(node.op, *types)
        blocks[node.name] = SimpleNamespace(dependence=dependence)
    return SimpleNamespace(graph=graph, blocks=blocks)


def conv(name, source):
    return Node(name, Conv(np.ones((4, 4, 1, 1), np.int64), np.zeros(4, np.int64)), (source,))


@pytest.fixture
def forked():
    """x -> a -> b and shuffled; shuffled -> split -> two readers."""
    shuffled, parts = Node("s", Shuffle(2), ("a",)), Node("p", Split((2, 2)), ("s",))
    return network(conv("a", "x"), conv("b", "a"), shuffled, parts, outputs=("b", "p.0", "p.1"))


def test_a_block_s_own_register_holds_what_it_gives(forked):
    assert _held_by_fork(forked, "b") == JITTER_BEATS == _held_by_fork(forked, "x")


def test_a_fork_holds_the_beat_that_some_readers_have(forked):
    assert _held_by_fork(forked, "a") == 1


def test_what_may_be_wires_holds_what_stands_before_it(forked):
    assert _held_by_fork(forked, "s") == 1
    alone = network(conv("a", "x"), Node("s", Shuffle(2), ("a",)), outputs=("s",))
    assert _held_by_fork(alone, "s") == JITTER_BEATS


def test_a_split_holds_none(forked):
    assert _held_by_fork(forked, "p.0") == _held_by_fork(forked, "p.1") == 0
