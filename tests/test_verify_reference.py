"""What the stages of a verification are compared with: computed once, in batches, within bounds of memory."""

import numpy as np
import pytest

from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.ops.requant import Requant
from codesign.verification import reference
from codesign.verification.images import random_images
from codesign.verification.reference import Reference, images_at_a_time

GRAPH = Graph("toy", {"x": TensorType((2, 3, 4), -8, 7)}, (Node("half", Requant([1], -8, 7, 2.0), ("x",)),), ("half",))
IMAGES = random_images(GRAPH.inputs["x"], 21)
BYTES = 4 * 2 * (2 * 3 * 4)


@pytest.fixture
def executed(monkeypatch):
    """How many images each call of the executor was given."""
    counts = []

    def counted(graph, inputs, keep):
        counts.append(len(inputs["x"]))
        return execute(graph, inputs, keep=keep)

    monkeypatch.setattr(reference, "execute", counted)
    return counts


@pytest.mark.parametrize("numbers", [[0], [20, 3, 3, 17], list(range(21))])
def test_the_tensors_are_those_of_the_images_asked_for_in_that_order(numbers):
    found = Reference(GRAPH, IMAGES).tensors(numbers, ("x", "half"))
    expected = execute(GRAPH, {"x": IMAGES[numbers]}, keep=("x", "half"))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_every_image_is_computed_once_however_often_and_in_what_parts_it_is_asked_for(executed):
    kept = Reference(GRAPH, IMAGES)
    for number in (*range(21), *reversed(range(21))):
        kept.tensors([number], ("half",))
    kept.tensors(range(21), ("x", "half"))
    assert executed == [8, 8, 5]


def test_images_too_large_to_be_kept_are_computed_again(executed, monkeypatch):
    monkeypatch.setattr(reference, "BYTES_KEPT", 0)
    kept = Reference(GRAPH, IMAGES)
    for _ in range(2):
        assert np.array_equal(kept.tensors([0, 20], ("x",))["x"], IMAGES[[0, 20]])
    assert executed == [8, 5, 8, 5]


@pytest.mark.parametrize(("room", "count"), [(0, 1), (3 * BYTES - 1, 2), (3 * BYTES, 3), (100 * BYTES, 8)])
def test_as_many_images_are_held_at_a_time_as_memory_has_room_for(monkeypatch, room, count):
    monkeypatch.setattr(reference, "BYTES_AT_A_TIME", room)
    assert images_at_a_time(GRAPH) == count
