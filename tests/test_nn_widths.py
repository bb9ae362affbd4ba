"""Bit widths of single layers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from codesign.api.tune import untrained_graph
from codesign.errors import RecipeError
from codesign.graph.op import weight_bits
from codesign.graph.windows import Convolution
from codesign.nn.network import quantized_network
from codesign.recipe import load_recipe, save_recipe
from codesign.training import train

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"
RESNET = TINY.with_name("tiny-resnet.yaml")

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


@pytest.fixture(scope="module")
def mixed():
    """The integer graph of a detector of many widths."""
    layers = (
        "'*': {weight_bits: 3}, 'heads.*': 6, 'heads.size.*': {weight_bits: 5}, "
        "backbone.stages.stage2.act: {activation_bits: 5}, backbone.stages.stage3.act: {activation_bits: 7}"
    )
    return untrained_graph(load_recipe(TINY, [f"quantization.layers={{{layers}}}"]))


def test_layers_have_the_widths_of_the_last_pattern_that_matches(mixed):
    bits = {node.name: weight_bits(node.op) for node in mixed.nodes if isinstance(node.op, Convolution)}
    assert all(bits[name] == (5 if ".size." in name else 6) for name in bits if name.startswith("heads."))
    assert {b for name, b in bits.items() if not name.startswith("heads.")} == {3}
    kinds = {name: type_.bits for name, type_ in mixed.types.items()}
    assert kinds["heads.heat.pointwise.act"] == 6 and kinds["backbone.last.act"] == 8
    assert kinds["heads.heat.output.act"] == 8  # output_bits


@pytest.mark.parametrize(("stage", "width"), [("stage2", 5), ("stage3", 7)])
def test_an_activation_that_units_share_has_one_width_for_all(mixed, stage, width):
    prefix = f"backbone.stages.{stage}"
    bits = {kind.bits for name, kind in mixed.types.items() if name.startswith(prefix) and name.endswith(".requant")}
    assert bits == {width}


def test_residual_sums_may_have_widths_of_their_own():
    network = quantized_network(load_recipe(RESNET, ["quantization.layers={'*.grid': {activation_bits: 6}}"]))
    grids = [module for name, module in network.named_modules() if name.endswith(".grid")]
    assert grids and {int(grid.act_quant.bit_width()) for grid in grids} == {6}


@pytest.mark.parametrize(
    "pattern", ["head.*", "*.dilation: {activation_bits: 4}", "heads.*.output: {activation_bits: 4}", "input"]
)
def test_a_pattern_that_matches_no_such_width_is_refused_before_anything_is_trained(tmp_path, pattern):
    layer, _, widths = pattern.partition(": ")
    settings = [f"quantization.layers={{'{layer}': {widths or 8}}}"]
    with pytest.raises(RecipeError, match=r"quantization\.layers: .* matches no layer") as caught:
        train(TINY, tmp_path / "run", overrides=settings)
    assert "backbone" in str(caught.value) or "heads." in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("layers", "complaint"),
    [("{'heads.*': 9}", "8"), ("{'heads.*': {}}", "weight_bits"), ("{'heads.*': {weight_bit: 4}}", "'weight_bits'")],
)
def test_bad_widths_are_refused_in_one_line(layers, complaint):
    with pytest.raises(RecipeError) as caught:
        load_recipe(TINY, [f"quantization.layers={layers}"])
    assert complaint in str(caught.value) and "heads.*" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_saved_recipe_keeps_the_order_of_its_patterns(tmp_path):
    recipe = load_recipe(TINY, ["quantization.layers={'heads.*': 6, '*': 4, 'a*': 8}"])
    save_recipe(recipe, tmp_path / "again.yaml")
    again = load_recipe(tmp_path / "again.yaml")
    assert again == recipe and list(again.quantization.layers) == ["heads.*", "*", "a*"]


def test_a_network_of_mixed_widths_trains_and_loads(tmp_path):
    settings = ["quantization.layers={'heads.*': 8, '*depthwise': {weight_bits: 6}}"]
    run = train(TINY, tmp_path / "run", overrides=settings)
    assert np.isfinite(run.ap50)
