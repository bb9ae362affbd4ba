"""Quantizers: what is trained is what runs."""

import pytest
import torch

from codesign.nn.layers import QuantLayers, plain
from codesign.nn.quantizers import SMALLEST_RANGE
from codesign.recipe import Quantization

torch.set_num_threads(1)  # these tensors gain nothing from more, and tests may run side by side


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("range_", [SMALLEST_RANGE / 8, 0.01, 0.3, 5.0])
@pytest.mark.parametrize("kind", ["activation", "signed"])
def test_an_activation_evaluates_with_the_step_it_trained_with(kind, range_, bits):
    layers = QuantLayers(Quantization(activation_bits=bits, calibration_batches=2, activation_percentile=100))
    act = layers.activation() if kind == "activation" else layers._signed(bits)
    x = (torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 0.5) * 2 * range_
    for _ in range(3):
        act.train()(x)
    trained, scale = plain(act(x)), act(x).scale.item()
    evaluated = act.eval()(x)
    assert torch.equal(trained, evaluated.value)
    assert evaluated.scale.item() == act.act_quant.scale().item() == scale
    assert scale * 2 ** (bits - (kind == "signed")) >= SMALLEST_RANGE
