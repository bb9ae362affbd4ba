"""Bounds of what a float32 evaluation may miss: their size, worked out by hand from the operators' definitions."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from codesign.verification.float64 import SECOND_ORDER, UNIT, Bounded, UnboundedError, evaluate

TENTH = float(np.float32(0.1))
THIRD = 1 / 3
"""No float32 number: a result that is this much is rounded."""


def evaluated(op, known, constants=(), opset=19, **attributes):
    """One node over `known` tensors, then constants; its value, and what may be missed in units of 2^-24."""
    names = [f"c{number}" for number in range(len(constants))]
    node = helper.make_node(op, [*known, *names], ["y"], **attributes)
    arrays = [numpy_helper.from_array(np.asarray(array), name) for name, array in zip(names, constants, strict=True)]
    inputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in known]
    outputs = [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)]
    graph = helper.make_graph([node], "one", inputs, outputs, arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    found = evaluate(model, known, "y")
    return found.value, *((most - least) / (2 * SECOND_ORDER * UNIT) for least, most in (found.single, found.summed))


def bounded(value, roundings=0.0, summed=0.0):
    """A tensor (1, C, 1, 1) that misses so many units."""
    array = np.asarray(value, np.float64).reshape(1, -1, 1, 1)
    return Bounded(array, np.full_like(array, roundings), np.full_like(array, summed))


def missed(op, known, *constants, **attributes):
    value, single, summed = evaluated(op, known, constants, **attributes)
    return [np.round(np.ravel(part), 6).tolist() for part in (value, single, summed)]


def test_sums_at_scales_that_are_powers_of_two_miss_nothing():
    x, weight = bounded([3.0, -1.5]), np.array([0.25, 0.5]).reshape(1, 2, 1, 1)
    assert missed("Conv", {"x": x}, weight) == [[0.0], [0.0], [0.0]]


def test_a_sum_of_products_misses_its_terms_times_their_magnitudes():
    """Two terms, and the two roundings more that a bias and a conversion may cost; summed, a rounding of the result."""
    x, weight = bounded([3.0, -1.5]), np.array([TENTH, 0.5]).reshape(1, 2, 1, 1)
    size, result = 3 * TENTH + 0.75, 3 * TENTH - 0.75
    value, single, summed = missed("Conv", {"x": x}, weight)
    assert value == pytest.approx([result])
    assert single == pytest.approx([(2 + 2) * size])
    assert summed == pytest.approx([abs(result)])


def test_what_the_inputs_of_a_sum_miss_counts_by_its_weight():
    x, weight, bias = bounded([8.0, 8.0], 2.0, 1.0), np.array([0.5, -0.25]).reshape(1, 2, 1, 1), np.array([4.0])
    assert missed("Conv", {"x": x}, weight, bias) == [[6.0], [2 * 0.75], [0.75]]


@pytest.mark.parametrize("beyond", [False, True])
def test_a_bias_belongs_to_the_grid_of_its_sum(beyond):
    """Multiples of the smallest step stay exact below 2^24 of them; a bias of a finer step makes them too many."""
    bias = np.array([2.0**-21 if beyond else 2.0**-20])
    value, single, summed = missed("Conv", {"x": bounded([8.0])}, np.ones((1, 1, 1, 1)), bias)
    assert single == (pytest.approx([(1 + 2) * value[0]]) if beyond else [0.0])
    assert summed == (value if beyond else [0.0])


def test_a_mean_misses_as_many_terms_as_there_are_pixels():
    x = Bounded(*(np.full((1, 1, 2, 2), part) for part in (3.0, 1.0, 0.5)))
    assert missed("GlobalAveragePool", {"x": x}) == [[3.0], [1 + (4 + 2) * 3.0], [0.5 + 2 * 3.0]]


@pytest.mark.parametrize(("op", "result"), [("Add", 5.5), ("Sub", 2.5)])
def test_sums_of_two_add_what_both_miss(op, result):
    known = {"a": bounded([4.0], 3.0, 2.0), "b": bounded([1.5], 1.0, 0.5)}
    assert missed(op, known) == [[result], [4.0], [2.5]]


def test_a_sum_that_float32_cannot_hold_is_rounded():
    value, single, summed = missed("Add", {"a": bounded([THIRD], 3.0), "b": bounded([1.0])})
    assert single == pytest.approx([3 + value[0]]) and summed == pytest.approx([value[0]])


def test_a_product_misses_what_either_misses_times_the_other():
    known = {"a": bounded([4.0], 3.0, 2.0), "b": bounded([-2.0], 1.0, 0.5)}
    assert missed("Mul", known) == [[-8.0], [3 * 2 + 1 * 4.0], [2 * 2 + 0.5 * 4]]


def test_a_quotient_misses_what_its_dividend_misses():
    assert missed("Div", {"a": bounded([-6.0], 3.0, 1.0), "b": bounded([-2.0])}) == [[3.0], [1.5], [0.5]]
    with pytest.raises(UnboundedError):
        missed("Div", {"a": bounded([6.0]), "b": bounded([2.0], 1.0)})


def test_batch_normalization_misses_eight_roundings_of_its_largest_summands():
    """factor 2 / sqrt(3 + 1) = 1: |x| + |mean| + |bias| = 4 + 2 + 1, and what x misses."""
    x = bounded([4.0], 2.0, 1.0)
    scale, bias, mean, variance = (np.array([value]) for value in (2.0, -1.0, 2.0, 3.0))
    found = missed("BatchNormalization", {"x": x}, scale, bias, mean, variance, epsilon=1.0)
    assert found[0] == pytest.approx([4 - 2 - 1])
    assert found[1:] == [[2 + 8 * 7.0], [1 + 8 * 7.0]]


@pytest.mark.parametrize("zero", [None, 2])
def test_a_dequantized_integer_is_rounded_once(zero):
    q = bounded([7.0])
    given = [np.float64(TENTH)] + ([] if zero is None else [np.float64(zero)])
    result = (7 - (zero or 0)) * TENTH
    value, single, summed = missed("DequantizeLinear", {"x": q}, *given)
    assert value == pytest.approx([result]) and single == pytest.approx([result]) and summed == [0.0]
    with pytest.raises(UnboundedError):
        missed("DequantizeLinear", {"x": bounded([7.0], 1.0)}, *given)


def test_each_channel_is_dequantized_by_its_own_scale():
    q = Bounded.exact(np.array([[4.0, 4.0], [4.0, 4.0]]))
    given = [np.array([0.5, 0.25]), np.array([1.0, 2.0])]
    assert missed("DequantizeLinear", {"x": q}, *given, axis=1)[0] == [1.5, 0.5, 1.5, 0.5]
    assert missed("DequantizeLinear", {"x": q}, *given, axis=0)[0] == [1.5, 1.5, 0.5, 0.5]


def test_values_in_other_places_miss_what_they_missed():
    a, b = bounded([1.0, 2.0], 3.0, 1.0), bounded([4.0], 5.0, 2.0)
    assert missed("Concat", {"a": a, "b": b}, axis=1) == [[1.0, 2.0, 4.0], [3.0, 3.0, 5.0], [1.0, 1.0, 2.0]]
    assert missed("Reshape", {"a": a}, np.array([2, 1])) == [[1.0, 2.0], [3.0, 3.0], [1.0, 1.0]]


def test_a_maximum_misses_what_the_worst_of_its_values_misses():
    part = np.arange(4.0).reshape(1, 1, 2, 2)
    x = Bounded(part, part[:, :, ::-1, ::-1].copy(), part / 2)
    assert missed("MaxPool", {"x": x}, kernel_shape=[2, 2]) == [[3.0], [3.0], [1.5]]
    assert missed("Relu", {"x": bounded([-2.0, 2.0], 3.0, 1.0)}) == [[0.0, 2.0], [3.0, 3.0], [1.0, 1.0]]


def test_a_gemm_with_factors_of_its_own_has_no_bound():
    x = Bounded.exact(np.ones((1, 2)))
    assert missed("Gemm", {"x": x}, np.ones((2, 1)))[0] == [2.0]
    with pytest.raises(UnboundedError):
        missed("Gemm", {"x": x}, np.ones((2, 1)), alpha=0.5)


def test_an_operator_without_a_rule_has_no_bound():
    with pytest.raises(UnboundedError, match="Sigmoid"):
        missed("Sigmoid", {"x": bounded([1.0])})


def test_onnx_is_asked_for_what_the_file_says():
    """Squeeze takes its axes as an input since opset 13."""
    x = Bounded.exact(np.ones((1, 3, 1, 1)))
    value, *_ = evaluated("Squeeze", {"x": x}, [np.array([2, 3])], opset=13)
    assert value.shape == (1, 3)
