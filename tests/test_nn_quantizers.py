"""Quantizers: what is trained is what runs."""

from pathlib import Path

import pytest
import torch

from codesign.nn.fold import clip_weights
from codesign.nn.layers import QuantLayers, plain
from codesign.nn.network import quantized_network
from codesign.nn.quantizers import SMALLEST_RANGE
from codesign.recipe import Quantization, load_recipe

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"

torch.set_num_threads(1)  # these tensors gain nothing from more, and tests may run side by side


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("range_", [SMALLEST_RANGE / 8, 0.01, 0.3, 5.0])
@pytest.mark.parametrize("kind", ["activation", "signed"])
def test_an_activation_evaluates_with_the_step_it_trained_with(kind, range_, bits):
    layers = QuantLayers(Quantization(activation_bits=bits, calibration_batches=2, activation_percentile=100))
    act = layers.activation() if kind == "activation" else layers.signed(bits)
    x = (torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 0.5) * 2 * range_
    for _ in range(3):
        act.train()(x)
    trained, scale = plain(act(x)), act(x).scale.item()
    evaluated = act.eval()(x)
    assert torch.equal(trained, evaluated.value)
    assert evaluated.scale.item() == act.act_quant.scale().item() == scale
    assert scale * 2 ** (bits - (kind == "signed")) >= SMALLEST_RANGE


@pytest.mark.parametrize(("weight_scale", "full"), [("largest", 1.0), ("statistics", 0.5), ("unclipped", 1.0)])
def test_the_full_scale_of_weights_follows_from_their_magnitudes(weight_scale, full):
    conv = QuantLayers(Quantization(weight_bits=4, weight_scale=weight_scale)).conv(4, 1, 1).conv
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([-0.9, 0.1, 0.05, 0.0]).reshape(1, 4, 1, 1))
    assert conv.quant_weight().scale.item() == full / 8
    assert conv.weight_steps().flatten().tolist() == pytest.approx(
        [max(-0.9 * 8 / full, -7), 0.8 / full, 0.4 / full, 0]
    )


@pytest.mark.parametrize(("weight_scale", "full"), [("largest", 0.5), ("unclipped", 1.0)])
def test_the_largest_weight_is_clipped_by_less_than_sqrt_2_or_not_at_all(weight_scale, full):
    conv = QuantLayers(Quantization(weight_bits=4, weight_scale=weight_scale)).conv(4, 1, 1).conv
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([-0.7, 0.1, 0.05, 0.0]).reshape(1, 4, 1, 1))
    assert conv.quant_weight().scale.item() == full / 8


def test_weights_are_clipped_at_a_percentile_of_their_channel():
    network = quantized_network(load_recipe(TINY))
    before = network.backbone.last.conv.weight.detach().clone()
    clip_weights(network, 75)
    after = network.backbone.last.conv.weight.detach()
    limits = torch.quantile(before.flatten(1).abs(), 0.75, dim=1)
    torch.testing.assert_close(after.flatten(1).abs().amax(1), limits)
    kept = before.flatten(1).abs() <= limits[:, None]
    assert torch.equal(after.flatten(1)[kept], before.flatten(1)[kept])
    clip_weights(network, 100)
    assert torch.equal(network.backbone.last.conv.weight, after)
