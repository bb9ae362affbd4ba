"""Fused quantizers against Brevitas' own: the same values, the same gradients, the same network."""

import copy
from pathlib import Path

import brevitas.nn as qnn
import pytest
import torch

from codesign.nn import fused
from codesign.nn.fold import calibrate
from codesign.nn.layers import WEIGHT_QUANTIZERS, QuantLayers, plain
from codesign.nn.network import quantized_network
from codesign.recipe import Quantization, load_recipe

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


def images(seed=0, count=4, size=32):
    return torch.randint(0, 256, (count, 3, size, size), generator=torch.Generator().manual_seed(seed)) / 256


def by_brevitas(module):
    """A copy in which every layer runs Brevitas' code."""
    original = {getattr(fused, name): getattr(qnn, name) for name in ("QuantConv2d", "QuantReLU", "QuantIdentity")}
    module = copy.deepcopy(module)
    for layer in module.modules():
        layer.__class__ = original.get(layer.__class__, layer.__class__)
    return module


def gradients(module, inputs, weighting):
    out = plain(module(inputs))
    (out * weighting(out)).sum().backward()
    return out.detach(), {name: parameter.grad for name, parameter in module.named_parameters()}


def weighting(out):
    return torch.randn(out.shape, generator=torch.Generator().manual_seed(1))


def ties(bits, signed, scale):
    """Every integer and every half of a scale, from beyond one end of the range to beyond the other."""
    top = 2 ** (bits - signed)
    return torch.arange(-2 * top - 4, 2 * top + 5).reshape(1, 1, 1, -1) * (scale / 2)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("kind", ["activation", "signed"])
def test_an_activation_equals_brevitas_in_value_and_gradients_at_every_tie(kind, bits, channels_last):
    layers = QuantLayers(Quantization(activation_bits=bits, calibration_batches=2, activation_percentile=100))
    ours = (layers.activation() if kind == "activation" else layers.signed(bits)).train()
    for seed in range(3):
        ours(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(seed)))
    theirs = by_brevitas(ours)
    scale = ours(torch.zeros(1)).scale.item()
    random = torch.randn(2, 5, 6, 7, generator=torch.Generator().manual_seed(9)) * 2
    for x in (ties(bits, kind == "signed", scale), random):
        if channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        results = []
        for module in (ours, theirs):
            module.zero_grad(set_to_none=True)
            leaf = x.clone().requires_grad_()
            out, parameters = gradients(module, leaf, weighting)
            results.append((out, leaf.grad, *parameters.values()))
        assert torch.equal(results[0][0], results[1][0])
        assert torch.equal(results[0][1], results[1][1])
        torch.testing.assert_close(results[0][2], results[1][2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("weight_scale", sorted(WEIGHT_QUANTIZERS))
def test_weights_and_biases_equal_brevitas_in_value_and_gradients(bits, groups, weight_scale):
    torch.manual_seed(0)
    conv = (
        QuantLayers(Quantization(weight_bits=bits, weight_scale=weight_scale)).conv(4, 8, 3, groups=groups).conv.train()
    )
    with torch.no_grad():
        conv.weight[0] = 0  # its scale is the smallest
        conv.weight[1] *= 2.0**-12
        conv.bias.normal_()
    image = QuantLayers(Quantization()).image()
    x = image(images()[:, :1].expand(-1, 4, -1, -1))
    mine, my_gradients = gradients(conv, x, weighting)
    theirs, their_gradients = gradients(by_brevitas(conv), x, weighting)
    assert torch.equal(mine, theirs)
    for name, gradient in their_gradients.items():
        tolerance = 1e-4 * float(gradient.abs().max())  # float sums in another order
        torch.testing.assert_close(my_gradients[name], gradient, rtol=1e-4, atol=tolerance, msg=name)


@pytest.mark.parametrize("order", ["depthwise_first", "pointwise_first"])
def test_a_whole_network_trains_as_with_brevitas(order):
    recipe = load_recipe(TINY, [f"model.decoder.order={order}"])
    torch.manual_seed(0)
    network = quantized_network(recipe)
    calibrate(network, [images(seed) for seed in range(recipe.quantization.calibration_batches + 1)])
    other = by_brevitas(network)
    heads, others = network.raw_heads(images(9)), other.raw_heads(images(9))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(heads, others, strict=True))
    for outputs in (heads, others):
        sum((out * weighting(out)).sum() for out in outputs).backward()
    their_gradients = dict(other.named_parameters())
    for name, parameter in network.named_parameters():
        expected = their_gradients[name].grad
        tolerance = 1e-4 * float(expected.abs().max()) + 1e-5
        torch.testing.assert_close(parameter.grad, expected, rtol=1e-3, atol=tolerance, msg=name)


def test_calibration_and_evaluation_are_brevitas_own():
    recipe = load_recipe(TINY)
    torch.manual_seed(0)
    network = quantized_network(recipe)
    other = by_brevitas(network)
    batches = [images(seed) for seed in range(recipe.quantization.calibration_batches + 1)]
    for module in (network, other):
        calibrate(module, batches)
        module.eval()
    assert network.state_dict().keys() == other.state_dict().keys()
    assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in other.state_dict().items())
    with torch.no_grad():
        for mine, theirs in zip(network.raw_heads(images(9)), other.raw_heads(images(9)), strict=True):
            assert torch.equal(mine, theirs)
