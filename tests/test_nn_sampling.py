"""The operator family of the decoder, against ONNX Runtime's DeformConv and torch's convolutions."""

from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import onnx.helper as oh
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from codesign.errors import RecipeError
from codesign.networks.codenet import Operator, operator_form
from codesign.nn.deform import grid_offsets, square_depthwise
from codesign.nn.network import float_network, quantized_network
from codesign.nn.sampling import deform_conv2d
from codesign.recipe import load_recipe

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"
OPERATORS = get_args(Operator)
FLOAT_ONLY = [operator for operator in OPERATORS if operator_form(operator).float_only]

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


def recipe_of(operator, order="depthwise_first"):
    phase = ["training.quantized_phase=null"] if operator in FLOAT_ONLY else []
    return load_recipe(TINY, [f"model.decoder.operator={operator}", f"model.decoder.order={order}", *phase])


def images(size=32):
    return torch.randint(0, 256, (2, 3, size, size), generator=torch.Generator().manual_seed(0)) / 256


def case(operator, height=6, width=5, channels=4, seed=0):
    """x, weight and whatever offsets the operator's name allows, far outside the map too."""
    g = torch.Generator().manual_seed(seed)
    form = operator_form(operator)
    x = torch.randn(1, channels, height, width, generator=g)
    weight = torch.randn(channels, 1 if form.depthwise else channels, 3, 3, generator=g)
    if form.sampling.startswith("square"):
        dilation = torch.empty(1, 1, height, width).uniform_(-7, 7, generator=g)
        return x, weight, grid_offsets(dilation.round() if form.sampling == "square-integer" else dilation)
    return x, weight, torch.randn(1, 18, height, width, generator=g) * 3


def onnxruntime_deform_conv(x, weight, offset):
    group = x.shape[1] // weight.shape[1]
    node = oh.make_node("DeformConv", ["x", "w", "o"], ["y"], group=group, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    arrays = {"x": x.numpy(), "w": weight.numpy(), "o": offset.numpy()}
    inputs = [oh.make_tensor_value_info(k, onnx.TensorProto.FLOAT, v.shape) for k, v in arrays.items()]
    output = oh.make_tensor_value_info("y", onnx.TensorProto.FLOAT, x.shape)
    graph = oh.make_graph([node], "g", inputs, [output])
    model = oh.make_model(graph, opset_imports=[oh.make_opsetid("", 19)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, arrays)[0]


@pytest.mark.parametrize("shape", [(6, 5), (1, 1), (1, 7)])
@pytest.mark.parametrize("operator", FLOAT_ONLY)
def test_fractional_operators_equal_onnx_deform_conv(operator, shape):
    x, weight, offset = case(operator, *shape)
    expected = onnxruntime_deform_conv(x, weight, offset)
    np.testing.assert_allclose(deform_conv2d(x, weight, offset).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_the_fractional_square_operator_at_whole_dilations_is_the_integer_one():
    x, weight, _ = case("square-depthwise")
    dilation = torch.randint(-7, 8, (1, 1, 6, 5), generator=torch.Generator().manual_seed(1)).float()
    fractional = deform_conv2d(x, weight, grid_offsets(dilation))
    torch.testing.assert_close(fractional, square_depthwise(x, weight, dilation), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("depthwise", [True, False])
def test_without_offsets_it_is_an_ordinary_convolution_in_value_and_gradients(depthwise):
    x, weight, offset = case("deformable-depthwise" if depthwise else "deformable")
    results = []
    for run in (
        lambda a, b: deform_conv2d(a, b, torch.zeros_like(offset)),
        lambda a, b: F.conv2d(a, b, padding=1, groups=4 if depthwise else 1),
    ):
        a, b = x.clone().requires_grad_(), weight.clone().requires_grad_()
        out = run(a, b)
        out.square().sum().backward()
        results.append((out, a.grad, b.grad))
    for mine, theirs in zip(*results, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("order", ["depthwise_first", "pointwise_first"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_a_recipe_selects_each_operator_and_all_of_it_learns(operator, order):
    network = float_network(recipe_of(operator, order))
    sum(head.square().mean() for head in network.raw_heads(images())).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    assert network.decoder[0].spatial.conv.kernel_size == (operator_form(operator).kernel,) * 2
    assert (network.decoder[0].spatial.conv.groups == 1) == (not operator_form(operator).depthwise)


@pytest.mark.parametrize("operator", [operator for operator in OPERATORS if operator_form(operator).sampling != "grid"])
def test_displacements_keep_to_what_the_operator_allows(operator):
    form = operator_form(operator)
    network = float_network(recipe_of(operator)).eval()
    dilation = network.decoder[0].dilation
    torch.nn.init.normal_(dilation.conv.weight, 0, 30, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = dilation(torch.rand(1, dilation.conv.in_channels, 16, 16, generator=torch.Generator().manual_seed(1)))
    assert found.shape[1] == (1 if "square" in operator else 18)
    assert (found.abs().max() == 7) == (form.sampling != "deformable")
    assert torch.equal(found, found.round()) == ("integer" in operator)


@pytest.mark.parametrize("operator", ["conv", "depthwise-5x5", "depthwise-7x7"])
def test_fixed_grids_of_every_size_have_a_quantized_form(operator):
    network = quantized_network(recipe_of(operator))
    assert network.raw_heads(images()).heat.shape == (2, 10, 8, 8)


@pytest.mark.parametrize("operator", FLOAT_ONLY)
def test_operators_without_hardware_are_refused_for_quantization(operator):
    with pytest.raises(RecipeError, match="floating point only"):
        load_recipe(TINY, [f"model.decoder.operator={operator}"])
    with pytest.raises(RecipeError, match="floating point only"):
        quantized_network(recipe_of(operator))
