"""The quantized network: its integers, its folding, its peaks, its gradients."""

from pathlib import Path

import pytest
import torch
from torch import nn

from codesign.nn.detector import HeatMapPeak
from codesign.nn.fold import calibrate, fold_batch_norm
from codesign.nn.layers import FloatLayers, QuantLayers, RoundedHardtanh, concat_shuffle, plain, split_halves
from codesign.nn.network import conv_units, float_network, quantized_network
from codesign.recipe import load_recipe

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side

VARIANTS = [
    [],
    ["model.stem.kind=stride4", "model.last_channels=null"],
    ["model.decoder.order=pointwise_first"],
    ["model.decoder.operator=depthwise"],
    ["model.decoder.bound=5", "quantization.output_bits=12", "quantization.weight_bits=3"],
]


def images(count=4, size=32, seed=0):
    return torch.randint(0, 256, (count, 3, size, size), generator=torch.Generator().manual_seed(seed)) / 256


def pair(recipe):
    """A float network with lively batch norm statistics, and the calibrated quantized one folded from it."""
    torch.manual_seed(0)
    trained = float_network(recipe)
    for module in trained.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias, 0, 0.5)
    for block in trained.decoder:
        if block.dilation is not None:
            nn.init.normal_(block.dilation.conv.weight, 0, 1)
    with torch.no_grad():
        for _ in range(20):
            trained.raw_heads(images())
    quantized = quantized_network(recipe)
    fold_batch_norm(trained.eval(), quantized)
    calibrate(quantized, [images(seed=seed) for seed in range(recipe.quantization.calibration_batches + 1)])
    quantized.set_peak_threshold(0.05)
    return trained, quantized.eval()


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda v: ",".join(v) or "default")
def networks(request):
    recipe = load_recipe(TINY, request.param)
    return recipe, *pair(recipe)


def test_every_block_output_is_an_integer_times_a_power_of_two(networks):
    _, _, network = networks
    seen = {}
    hooks = [
        unit.register_forward_hook(lambda m, i, o, path=path: seen.update({path: o}))
        for path, unit in conv_units(network).items()
    ]
    with torch.no_grad():
        network(images())
    for hook in hooks:
        hook.remove()
    assert set(seen) == set(conv_units(network))
    for path, tensor in seen.items():
        integers = tensor.value / tensor.scale
        assert torch.equal(integers, integers.round()), path
        assert torch.log2(tensor.scale).frac() == 0, path
        low, high = (-(2 ** (tensor.bit_width - 1)), 2 ** (tensor.bit_width - 1) - 1) if tensor.signed else (0, 255)
        assert integers.min() >= low, path
        assert integers.max() <= high, path


def test_weights_are_narrow_integers_with_a_power_of_two_scale_per_output_channel(networks):
    recipe, _, network = networks
    for path, unit in conv_units(network).items():
        weight = unit.conv.quant_weight()
        bits = recipe.quantization.stem_weight_bits if "stem" in path else recipe.quantization.weight_bits
        integers = weight.value / weight.scale
        assert torch.equal(integers, integers.round())
        assert integers.abs().max() <= 2 ** (bits - 1) - 1
        assert weight.scale.numel() == unit.conv.out_channels
        assert (torch.log2(weight.scale).frac() == 0).all()


def test_dilations_are_integers_within_the_bound_and_use_it(networks):
    recipe, _, network = networks
    if recipe.model.decoder.operator == "depthwise":
        assert all(block.dilation is None for block in network.decoder)
        return
    seen = []
    for block in network.decoder:
        block.dilation.register_forward_hook(lambda m, i, o: seen.append(plain(o)))
    with torch.no_grad():
        network(images())
    bound = recipe.model.decoder.bound
    values = torch.cat([tensor.flatten() for tensor in seen])
    assert torch.equal(values, values.round())
    assert values.abs().max() <= bound
    assert values.unique().numel() > 1


def test_folding_batch_norm_keeps_what_the_network_computes(networks):
    recipe, trained, _ = networks
    folded = float_network(recipe).eval()
    quantized = quantized_network(recipe)
    fold_batch_norm(trained, quantized)
    for path, unit in conv_units(folded).items():
        source = conv_units(quantized)[path].conv
        unit.norm = None
        unit.conv.weight, unit.conv.bias = source.weight, source.bias
        if isinstance(unit.conv, nn.Conv2d) and unit.conv.bias is not None and "spatial" in path:
            unit.norm = nn.Identity()
    if recipe.model.decoder.order == "pointwise_first":
        pytest.skip("the float deformable layer takes no bias")
    with torch.no_grad():
        for mine, theirs in zip(folded.raw_heads(images()), trained.raw_heads(images()), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_every_parameter_of_the_quantized_network_learns(networks):
    _, _, network = networks
    network.train()
    sum(head.square().mean() for head in network.raw_heads(images())).backward()
    still = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.isfinite().all()
    ]
    network.zero_grad(set_to_none=True)
    network.eval()
    assert still == []


def test_the_input_quantizer_passes_bytes_unchanged(networks):
    _, _, network = networks
    every = (torch.arange(256) / 256).reshape(1, 1, 16, 16)
    assert torch.equal(plain(network.input(every)), every)


def test_a_stage_uses_one_scale_for_all_channels_that_meet():
    network = quantized_network(load_recipe(TINY))
    unit_acts = [u.act for p, u in conv_units(network).items() if p.endswith("expand")]
    assert unit_acts == [None] * len(unit_acts)
    owners = {id(u._shared_act[0]) for p, u in conv_units(network).items() if p.endswith("expand")}
    assert owners == {id(stage.act) for stage in network.backbone.stages}


def test_peaks_are_the_places_above_the_threshold_that_no_neighbour_exceeds():
    peak = HeatMapPeak()
    peak.threshold.fill_(-1.0)
    peak.floor.fill_(-8.0)
    heat = torch.full((1, 1, 5, 6), -4.0)
    heat[0, 0, 1, 1], heat[0, 0, 1, 2], heat[0, 0, 4, 5], heat[0, 0, 4, 0] = 3.0, 2.0, -1.0, -1.5
    out = peak(heat)
    kept = {(y, x): float(out[0, 0, y, x]) for y, x in (out[0, 0] > -8).nonzero().tolist()}
    assert kept == {(1, 1): 3.0, (4, 5): -1.0}


@pytest.mark.parametrize("score", [0.001, 0.05, 0.5, 0.999])
def test_the_peak_threshold_is_the_first_integer_that_reaches_the_score(networks, score):
    _, _, network = networks
    network.set_peak_threshold(score)
    scale = network.head_scales()["heat"]
    bits = int(network.heads["heat"].output.act.act_quant.bit_width())
    steps = torch.arange(-(2 ** (bits - 1)), 2 ** (bits - 1), dtype=torch.float64)
    reaching = steps[torch.sigmoid(steps * scale) >= score]
    assert float(network.peak.threshold) / scale == (reaching[0] if len(reaching) else steps[-1])
    assert float(network.peak.floor) == -(2 ** (bits - 1)) * scale
    network.set_peak_threshold(0.05)


def test_shuffling_interleaves_the_halves_and_splitting_takes_them_in_order():
    low, high = torch.arange(3.0).reshape(1, 3, 1, 1), torch.arange(10.0, 13).reshape(1, 3, 1, 1)
    mixed = concat_shuffle(low, high)
    assert mixed.flatten().tolist() == [0, 10, 1, 11, 2, 12]
    assert [half.flatten().tolist() for half in split_halves(mixed)] == [[0, 10, 1], [11, 2, 12]]


def test_rounding_the_dilation_passes_the_gradient_inside_the_bound_only():
    x = torch.tensor([-9.0, -6.6, 0.5, 1.5, 8.0], requires_grad=True)
    out = RoundedHardtanh(7)(x)
    out.sum().backward()
    assert out.tolist() == [-7, -7, 0, 2, 7]
    assert x.grad.tolist() == [0, 1, 1, 1, 0]


def test_float_and_quantized_networks_have_the_same_blocks():
    recipe = load_recipe(TINY)
    assert list(conv_units(float_network(recipe))) == list(conv_units(quantized_network(recipe)))
    assert {m for m in dir(FloatLayers) if not m.startswith("_")} <= {m for m in dir(QuantLayers)}


@pytest.mark.parametrize("operator", ["depthwise", "square-integer-depthwise"])
def test_learned_and_fixed_grid_differ_in_nothing_but_the_dilation(operator):
    recipe = load_recipe(TINY, [f"model.decoder.operator={operator}"])
    for network in (float_network(recipe), quantized_network(recipe)):
        spatial = network.decoder[0].spatial
        assert spatial.norm is None
        assert spatial.conv.bias is None
        assert spatial.conv.weight.shape[1:] == (1, 3, 3)
