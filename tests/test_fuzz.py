"""Random networks: a fixed share through C simulation and RTL, what fuzzing once found, and that it would find more."""

import numpy as np
import pytest

from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, Node, TensorType, execute, load
from codesign.graph.ops.add import Add
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.split import Split
from codesign.graph.ops.threshold import Threshold
from tests.designs import designed
from trust import fuzz


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def test_random_networks_are_exact_in_hls_and_rtl():
    found = fuzz.Fuzz(fuzz.through_hardware)
    found.run(count=2, start=3, longest=8, largest=5)
    assert (found.taken, found.failure) == (2, "")


def test_a_network_that_fails_is_made_small_and_kept(kept):
    def no_upsampling(graph, number):
        assert "upsample" not in {node.op.kind for node in graph.nodes}, "it is there"
        return iter(())

    found = fuzz.Fuzz(no_upsampling)
    found.run(count=100, start=1, longest=6, largest=6)
    assert found.failure.startswith("no_upsampling: it is there")
    (file,) = kept.iterdir()
    smallest = load(file)
    assert [node.op.kind for node in smallest.nodes] == ["upsample"]
    assert smallest.inputs["x"].shape == (1, 1, 1)

    again = fuzz.Fuzz(no_upsampling)
    again.run(count=0, start=2, longest=1, largest=1)
    assert again.failure


def test_parts_of_one_stream_that_meet_again_neither_stop_nor_slow_down(tmp_path):
    """Neither a fork nor a split holds the beats for which a join is not ready yet.

    The last rows, of which nothing is made, are compared as well.
    """
    nodes = (
        Node("parts", Split((1, 3)), ("x",)),
        Node("turned", Concat(), ("parts.1", "parts.0")),
        Node("halves", Split((2, 2)), ("turned",)),
        Node("mixed", Interleave(), ("halves.1", "halves.0")),
        Node("twice", Concat(), ("mixed", "mixed")),
        Node("row", MaxPool((1, 1), (4, 1)), ("twice",)),
    )
    graph = Graph("net", {"x": TensorType((4, 4, 3), 0, 255)}, nodes, ("row",))
    design = designed(graph, fps=1.0)
    images = np.random.default_rng(1).integers(0, 256, (3, 4, 4, 3))
    run = simulate(emit_rtl(design, tmp_path / "rtl").folder, graph, images)
    expected = execute(graph, {"x": images}, keep=list(run.values))
    assert set(run.values) == set(graph.types)
    for name, values in run.values.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert run.interval_cycles == design.schedule.interval_cycles


def test_values_in_steps_of_five_are_what_the_next_block_takes(tmp_path):
    nodes = (
        Node("steps", Threshold(np.array([[60, 120, 200]]), np.array([1]), -3, 1.0, 5), ("x",)),
        Node("twice", Add(), ("steps", "steps")),
    )
    graph = Graph("net", {"x": TensorType((2, 4, 3), 0, 255)}, nodes, ("twice",))
    images = np.random.default_rng(1).integers(0, 256, (2, 2, 4, 3))
    run = simulate(emit_rtl(designed(graph), tmp_path / "rtl").folder, graph, images)
    np.testing.assert_array_equal(run.values["twice"], execute(graph, {"x": images})["twice"])
