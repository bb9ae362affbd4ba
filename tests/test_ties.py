"""Ties: differences that float32 explains, and nothing else, are told apart from faults."""

import numpy as np
import pytest

from codesign.frontend.qonnx import import_qonnx
from codesign.frontend.run import run_qonnx
from codesign.graph import execute
from codesign.progress import silent
from codesign.verification.compare import compare
from codesign.verification.reference import Reference
from codesign.verification.ties import Judge
from tests.onnx_nets import QonnxNet, random_images

STEP, WEIGHT = np.float32(0.3), np.float32(0.05)


def network(seed=0, normalized=False):
    """Odd scales, and an activation step of 16 sums: every 16th sum lies between two steps. normalized: of 4 sums."""
    rng, net = np.random.default_rng(seed), QonnxNet(1, 4, 6, 6)
    x = net.quant("image", STEP, 8, signed=1)
    sums = net.conv(x, rng.integers(-7, 8, (6, 4, 3, 3)), WEIGHT, bits=4)
    if normalized:
        sums = net.op("Add", net.op("Mul", sums, net.const(0.5)), net.const(STEP * WEIGHT * 8))
    activation = net.quant(sums, STEP * WEIGHT * np.float32(2 if normalized else 16), 8, signed=0)
    sums = net.conv(activation, rng.integers(-7, 8, (3, 6, 1, 1)), np.float32(0.07), bits=4)
    return net.model(net.quant(net.op("Relu", sums), np.float32(0.9), 6, signed=1))


def ran(model, count=8):
    graph = import_qonnx(model)
    images = random_images(graph, count)
    return graph, images, run_qonnx(model, graph, images)


@pytest.fixture(scope="module")
def case():
    model = network()
    return (model, *ran(model))


def compared(case, got, judge=True):
    model, graph, images, _ = case
    return compare("qonnx", Reference(graph, images), [got], silent, Judge(model, graph) if judge else None)


def copied(got):
    return {name: values.copy() for name, values in got.items()}


def test_the_executor_differs_and_every_difference_is_a_tie(case):
    _, graph, images, got = case
    expected = execute(graph, {"image": images}, keep=tuple(got))
    assert any((got[name] != expected[name]).any() for name in got)
    assert compared(case, got, judge=False).mismatch is not None
    found = compared(case, got)
    assert found.mismatch is None and found.ties
    for tie in found.ties:
        assert got[tie.tensor][tie.image, tie.channel, tie.y, tie.x] == tie.got != tie.expected
        assert abs(tie.value - (tie.expected + tie.got) / 2) < 1e-5


def test_what_follows_a_tie_is_judged_by_what_the_executor_made_of_it(case):
    _, graph, images, got = case
    expected = execute(graph, {"image": images}, keep=tuple(got))
    tied = {tie.tensor for tie in compared(case, got).ties}
    beyond = [name for name in got if (got[name] != expected[name]).any() and name not in tied]
    assert beyond


def test_as_many_ties_are_found_frame_by_frame(case):
    model, graph, images, got = case
    frames = [{name: values[i : i + 1] for name, values in got.items()} for i in range(len(images))]
    found = compare("qonnx", Reference(graph, images), frames, silent, Judge(model, graph))
    assert found.mismatch is None
    assert found.ties == compared(case, got).ties


@pytest.mark.parametrize("change", [1, -1, 3])
def test_a_wrong_value_among_ties_is_found_at_its_place(case, change):
    got = copied(case[3])
    tensor = list(got)[-1]
    inside = np.argwhere((got[tensor] > 2) & (got[tensor] < 25))[0]
    got[tensor][tuple(inside)] += change
    found = compared(case, got).mismatch
    assert (found.tensor, found.image, found.channel, found.y, found.x) == (tensor, *inside)
    assert found.got == found.expected + change


def test_a_tie_that_falls_further_than_to_its_neighbour_is_a_fault(case):
    tie = compared(case, case[3]).ties[0]
    got = copied(case[3])
    place = (tie.image, tie.channel, tie.y, tie.x)
    got[tie.tensor][place] += 1 if tie.got > tie.expected else -1
    found = compared(case, got).mismatch
    assert (found.tensor, found.image, found.channel, found.y, found.x) == (tie.tensor, *place)


def test_another_rounding_is_no_tie():
    """Half up instead of half to even, as exact sums at scales that are powers of two would show it."""
    net = QonnxNet(1, 2, 4, 4)
    x = net.quant("image", 1.0, 6, signed=1)
    model = net.model(net.quant(net.conv(x, np.eye(2)[:, :, None, None]), 2.0, 6, signed=1))
    graph, images, got = ran(model)
    assert compared((model, graph, images, got), got).ties == ()
    (output,) = graph.outputs
    got[output] = np.clip(np.floor(images / 2 + 0.5), -32, 31).astype(np.int32)
    found = compared((model, graph, images, got), got)
    assert found.mismatch is not None and found.mismatch.tensor == output


def test_a_scale_and_an_offset_before_the_quantizer_are_bounded_too():
    model = network(seed=1, normalized=True)
    graph, images, got = ran(model)
    found = compared((model, graph, images, got), got)
    assert found.mismatch is None and found.ties
