"""Networks with random weights: what is built from them is what a trained network would need."""

from pathlib import Path

import numpy as np
import pytest
import torch

from codesign.api.export import export
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.data.scenes import scenes
from codesign.graph import execute
from codesign.nn.layers import plain
from codesign.recipe import load_recipe
from codesign.training.run import WEIGHTS
from codesign.training.untrained import save_untrained, untrained_network
from codesign.verification.images import verification_images
from codesign.verification.stages import brevitas

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return export(TINY, tmp_path_factory.mktemp("untrained") / "build", random_weights=True).folder


def test_the_same_seed_draws_the_same_weights(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        save_untrained(load_recipe(TINY, [f"seed={seed}"]), tmp_path / name)
    a, b, c = ((tmp_path / name / WEIGHTS).read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize("order", ["depthwise_first", "pointwise_first"])
def test_dilations_of_an_untrained_network_are_spread_over_the_bound(order):
    recipe = load_recipe(TINY, ["data.image_size=64", f"model.decoder.order={order}"])
    network = untrained_network(recipe)
    seen = []
    for block in network.decoder:
        block.dilation.register_forward_hook(lambda module, inputs, output: seen.append(plain(output)))
    with torch.no_grad():
        network(torch.from_numpy(scenes(8, 64, seed=99)) / 256)
    assert len(seen) == len(recipe.model.decoder.channels)
    for dilation in seen:
        assert dilation.min() <= -4
        assert dilation.max() >= 4


def test_line_buffers_are_sized_for_the_whole_bound(build):
    dilations = [kind for name, kind in build.graph.types.items() if name.endswith("dilation.act")]
    assert [(kind.lo, kind.hi) for kind in dilations] == [(-7, 7)] * 2


def test_a_build_says_that_its_weights_are_random(build):
    assert open_build(build.path).manifest["random_weights"] is True
    assert not (build.run / "result.json").exists()


def test_a_recipe_is_built_with_other_settings_and_verified_where_its_modules_show_what_the_graph_computes(
    tmp_path, capsys
):
    """Pointwise convolutions that come before their upsampling are shown by no module."""
    command = ["export", str(TINY), "--random-weights", "--out", str(tmp_path / "build")]
    settings = ["model.decoder.order=pointwise_first", "model.decoder.bound=3"]
    assert status([*command, *(word for setting in settings for word in ("--set", setting))]) == 0
    assert "the weights are random" in capsys.readouterr().out
    made = open_build(tmp_path / "build")
    dilations = [kind for name, kind in made.graph.types.items() if "dilation.act" in name]
    assert {(kind.lo, kind.hi) for kind in dilations} == {(-3, 3)}
    images = verification_images(made, 1)
    (source,) = made.graph.inputs
    expected = execute(made.graph, {source: images}, list(made.graph.types))
    (shown,) = brevitas.run(made, images, tuple(made.graph.types))
    assert "decoder.1.pointwise.conv" in expected.keys() - shown.keys()
    assert {"decoder.0.upsample", "decoder.1.spatial.act"} <= shown.keys()
    for name, values in shown.items():
        np.testing.assert_array_equal(values, expected[name], name)


def test_settings_are_for_recipes_only(tmp_path, capsys):
    assert status(["export", "codenet-digits", "--set", "seed=1", "--out", str(tmp_path / "build")]) == 2
    assert "built untrained" in capsys.readouterr().err
    assert not (tmp_path / "build").exists()


def test_an_untrained_build_is_verified_on_pictures_without_its_dataset(build):
    images = verification_images(build, 2)
    assert images.shape == (2, 3, 32, 32)
    assert images.min() >= 0
    assert images.max() > 128
