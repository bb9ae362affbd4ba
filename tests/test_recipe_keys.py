"""Every key of a recipe is explained, and the examples are values that it takes."""

import json

import pytest

from codesign import yaml_text
from codesign.cli.main import status
from codesign.errors import RecipeError
from codesign.recipe import load_recipe
from codesign.recipe_keys import find_key, keys, parts
from codesign.resources import models_dir

RECIPES = {load_recipe(file.stem).model.kind: file.stem for file in sorted(models_dir().glob("*.yaml"))}
BINARY = "fashion-binary"
KEYS = [pytest.param(key, id=f"{key.network or 'all'}:{key.path}") for key in keys()]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_says_what_it_means_in_words_of_its_own(key):
    part = next(part for part in parts() if key in part.keys)
    assert key.meaning and key.meaning != part.prose
    assert key.type and key.default


@pytest.mark.parametrize("key", KEYS)
def test_the_example_of_a_key_is_a_value(key):
    assert key.example not in ("required", "its own defaults")
    yaml_text.parse(key.example)


@pytest.mark.parametrize(
    "path",
    [
        *("seed", "name", "data.image_size", "data.path", "training.ema", "training.precision", "training.freezing"),
        *("training.augmentation", "training.distillation", "quantization.weight_bits", "detection.max_boxes"),
        *("quantization.layers", "training.quantized_phase.steps", "training.batch_norm"),
        *("model.stem.channels", "model.stages.N.units", "model.decoder.operator", "model.last_channels"),
    ],
)
def test_the_example_is_taken_as_a_setting(path):
    (key,) = [key for key in find_key(path) if key.network in (None, "codenet")]
    assert load_recipe(RECIPES["codenet"], [key.setting]).name


def test_an_example_of_a_binary_network_is_taken():
    (key,) = find_key("training.reuse")
    assert load_recipe(BINARY, [key.setting]).training.reuse is not None


@pytest.mark.parametrize("path", ["model.stages.channels", "model.stages.N.channels", "model.stages.2.channels"])
def test_places_in_lists_may_be_left_out(path):
    assert {key.network for key in find_key(path)} == {"codenet", "resnet", "resnext", "vgg"}


@pytest.mark.parametrize(
    ("path", "nearest"),
    [("ema", "training.ema"), ("training.frezing", "training.freezing"), ("data.image_sise", "data.image_size")],
)
def test_an_unknown_key_is_answered_with_the_nearest(path, nearest):
    with pytest.raises(RecipeError, match=rf"{path}: no such key; did you mean '{nearest}'\?"):
        find_key(path)


def test_a_key_that_is_like_none_points_to_the_list(capfd):
    assert status(["recipe", "qqqqqqqq"]) == 2
    assert "`codesign recipe` lists them" in capfd.readouterr().err


def test_one_key_is_explained(capfd):
    assert status(["recipe", "data.image_size"]) == 0
    text = capfd.readouterr().out
    for said in ("whole number", "≥ 16, ≤ 8,192, a multiple of 8", "default: 64", "--set 'data.image_size=256'"):
        assert said in text


def test_all_keys_are_listed(capfd):
    assert status(["recipe", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert {key["path"] for key in listed} == {key.path for key in keys()}
    assert set(listed[0]) == {"path", "network", "type", "range", "default", "meaning", "example"}
