"""Quantization without training: equalization, adaptive rounding, corrected biases, and the run that they leave."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from codesign import quantize
from codesign.cli.main import status
from codesign.errors import CheckpointError, RecipeError
from codesign.nn.deform import sampled, square_depthwise
from codesign.nn.equalize import equalized
from codesign.nn.fold import calibrate, deployed, fold_batch_norm, keep_batch_norm
from codesign.nn.layers import WEIGHT_QUANTIZERS
from codesign.nn.network import conv_units, float_network, quantized_network
from codesign.nn.rounding import round_adaptively
from codesign.recipe import PTQ, load_recipe, save_recipe
from codesign.sections import QuantizedPhase
from codesign.training import train
from codesign.training.history import load_history, of_phase
from codesign.training.run import FLOAT_CHECKPOINT, LAST_CHECKPOINT, RECIPE, WEIGHTS, load_run

RECIPES = Path(__file__).parent / "recipes"
TINY, RESNET = RECIPES / "tiny.yaml", RECIPES / "tiny-resnet.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


def images(recipe, seed=0, count=4):
    size = recipe.data.image_size
    return torch.randint(0, 256, (count, 3, size, size), generator=torch.Generator().manual_seed(seed)) / 256


def settled(recipe):
    """A random floating-point network in eval mode whose batch norms know what they see."""
    torch.manual_seed(0)
    network = float_network(recipe)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if ".norm." in name:
                parameter.add_(torch.randn(parameter.shape) * 0.3)
        for seed in range(10):
            network.raw_heads(images(recipe, seed))
    return network.eval()


def quantized(recipe, trained):
    network = quantized_network(recipe)
    fold_batch_norm(trained, network)
    calibrate(network, [images(recipe, seed) for seed in range(recipe.quantization.calibration_batches + 1)])
    return network.eval()


@torch.no_grad()
def error(network, expected, recipe):
    """The error of each output on images of its own, relative to the output's spread."""
    x = images(recipe, 99)
    pairs = zip(network.raw_heads(x), expected.raw_heads(x), strict=True)
    return [float((mine - theirs).square().mean().sqrt() / theirs.std()) for mine, theirs in pairs]


@pytest.mark.parametrize("file", [TINY, RESNET], ids=lambda file: file.stem)
def test_an_equalized_network_computes_the_same_from_channels_of_ranges_alike(file):
    recipe = load_recipe(file)
    before = settled(recipe)
    network = equalized(before, images(recipe))
    assert max(error(network, before, recipe)) < 1e-4
    changed = [path for path, unit in conv_units(network).items() if not alike(unit, conv_units(before)[path])]
    assert changed


def alike(unit, other):
    return all(torch.equal(a, b) for a, b in zip(unit.parameters(), other.parameters(), strict=True))


def test_channels_that_something_else_reads_too_stay_as_they_are(monkeypatch):
    recipe = load_recipe(TINY)
    network = settled(recipe)
    before = conv_units(network)["backbone.last"]
    assert not alike(conv_units(equalized(network, images(recipe)))["backbone.last"], before)
    block = type(network.decoder[0])
    monkeypatch.setattr(block, "forward", lambda self, x, original=block.forward: original(self, x) + x.mean())
    assert alike(conv_units(equalized(network, images(recipe)))["backbone.last"], before)


@pytest.mark.parametrize("weight_scale", sorted(WEIGHT_QUANTIZERS))
def test_adaptive_rounding_lessens_the_error_of_the_outputs_and_keeps_weights_on_their_grid(weight_scale):
    recipe = load_recipe(TINY, [f"quantization.weight_scale={weight_scale}", "quantization.weight_bits=3"])
    trained = settled(recipe)
    network = quantized(recipe, trained)
    nearest = error(network, trained, recipe)
    scales = {path: unit.conv.weight_scales() for path, unit in conv_units(network).items()}
    batches = [images(recipe, seed) for seed in range(4)]
    round_adaptively(network, trained, batches)
    assert sum(error(network, trained, recipe)) < 0.8 * sum(nearest)
    for path, unit in conv_units(network).items():
        assert torch.equal(scales[path], unit.conv.weight_scales())


def test_what_taps_read_is_what_the_operator_sums():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 6, 5, generator=generator)
    weight = torch.randn(3, 1, 3, 3, generator=generator)
    dilation = torch.randint(-3, 4, (2, 1, 6, 5), generator=generator).float()
    columns = sampled(x, dilation).reshape(2, 3, 9, 30)
    out = (columns * weight.reshape(1, 3, 9, 1)).sum(2).reshape(x.shape)
    torch.testing.assert_close(out, square_depthwise(x, weight, dilation))
    torch.testing.assert_close(sampled(x, torch.ones_like(dilation)), F.unfold(x, 3, padding=1))


def test_a_network_without_the_batch_norms_that_it_trained_with_computes_the_same_to_the_bit():
    recipe = load_recipe(TINY)
    trained = settled(recipe)
    network = quantized_network(recipe)
    keep_batch_norm(network, trained)
    fold_batch_norm(trained, network)
    calibrate(network, [images(recipe, seed) for seed in range(recipe.quantization.calibration_batches + 1)])
    before = conv_units(network)["backbone.last"].conv.norm.running_mean.clone()
    network.raw_heads(images(recipe))
    assert not torch.equal(before, conv_units(network)["backbone.last"].conv.norm.running_mean)
    final = deployed(network.eval(), recipe).eval()
    assert not any("norm" in name for name in final.state_dict())
    with torch.no_grad():
        for mine, theirs in zip(final.raw_heads(images(recipe)), network.raw_heads(images(recipe)), strict=True):
            assert torch.equal(mine, theirs)


def test_batch_statistics_make_up_for_what_quantization_does_to_mean_and_variance():
    recipe = load_recipe(TINY, ["quantization.weight_bits=2"])
    trained = settled(recipe)
    network = quantized_network(recipe)
    keep_batch_norm(network, trained)
    fold_batch_norm(trained, network)
    calibrate(network, [images(recipe)] * (recipe.quantization.calibration_batches + 1))
    unit = conv_units(network)["backbone.stem.conv"]
    seen = []
    unit.conv.register_forward_hook(lambda module, given, out: seen.append(out))
    network.raw_heads(images(recipe))
    norm = unit.conv.norm
    torch.testing.assert_close(seen[0].mean((0, 2, 3)), norm.bias, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(seen[0].std((0, 2, 3)), norm.weight.abs(), rtol=1e-2, atol=1e-3)


def test_quantization_without_training_writes_a_run_of_the_float_phase_alone(tiny_run, tmp_path):
    result = quantize(tiny_run, tmp_path / "run")
    recipe, _ = load_run(tmp_path / "run")
    assert not (tmp_path / "run" / LAST_CHECKPOINT).exists()
    assert result.ap50 is not None and recipe.quantization.adaptive_rounding
    assert {one.phase for one in load_history(tiny_run)} == {"float_phase", "quantized_phase"}
    assert load_history(tmp_path / "run") == of_phase(load_history(tiny_run), "float_phase")
    train(TINY, tmp_path / "whole", overrides=PTQ)
    assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "run" / WEIGHTS).read_bytes()


@pytest.mark.usefixtures("without_qonnx")
def test_the_command_quantizes_with_other_widths_and_prints_json(tiny_run, tmp_path, capfd):
    settings = ("--set", "quantization.layers={'heads.*': 8}", "--set", "quantization.adaptive_rounding=false")
    assert status(["quantize", str(tiny_run), "--out", str(tmp_path / "run"), *settings, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["float_ap50"] >= 0
    _, network = load_run(tmp_path / "run")
    assert int(network.heads["heat"].pointwise.conv.quant_weight().bit_width) == 8


@pytest.mark.usefixtures("without_qonnx")
@pytest.mark.parametrize("phase", ["null", "{steps: 0}"])
def test_a_run_that_was_not_trained_with_quantizers_can_be(tmp_path, tiny_run, phase, monkeypatch):
    shutil.copytree(tiny_run, tmp_path / "run")
    save_recipe(load_recipe(TINY, [f"training.quantized_phase={phase}"]), tmp_path / "run" / RECIPE)
    monkeypatch.setattr(QuantizedPhase, "DEFAULT_STEPS", 3)
    quantize(tmp_path / "run", tmp_path / "again", training=True, overrides=["quantization.weight_bits=8"])
    assert (tmp_path / "again" / LAST_CHECKPOINT).is_file()
    checkpoints = [(tmp_path / name / FLOAT_CHECKPOINT).read_bytes() for name in ("run", "again")]
    assert checkpoints[0] == checkpoints[1]


def test_a_run_is_not_quantized_over_another_one_or_into_another_network(tiny_run, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    save_recipe(load_recipe(TINY), taken / RECIPE)
    with pytest.raises(CheckpointError, match="already holds a run"):
        quantize(tiny_run, taken)
    with pytest.raises(CheckpointError, match="another network"):
        quantize(tiny_run, tmp_path / "other", overrides=["model.last_channels=16"])
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        (TINY, ["quantization.adaptive_rounding=true"]),
        ("fashion-binary", PTQ),
        (TINY, ["training.float_phase={steps: 0}"]),
    ],
)
def test_what_cannot_be_quantized_so_is_refused(file, settings):
    with pytest.raises(RecipeError):
        load_recipe(file, settings)
