"""Recipes are checked whole, and say where they are wrong."""

from pathlib import Path

import pytest

from codesign.errors import RecipeError
from codesign.recipe import load_recipe, save_recipe
from codesign.resources import models_dir

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"


@pytest.mark.parametrize("file", sorted(models_dir().glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_recipe_is_valid_and_found_by_its_name(file):
    assert load_recipe(file.stem).name == file.stem


def test_a_saved_recipe_reads_back_equal(tmp_path):
    recipe = load_recipe(TINY)
    save_recipe(recipe, tmp_path / "again.yaml")
    assert load_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        ("seed=7", lambda r: r.seed == 7),
        ("training.float_phase.epochs=9", lambda r: r.training.float_phase.epochs == 9),
        ("model.stages.1.channels=16", lambda r: r.model.stages[1].channels == 16),
        ("model.last_channels=null", lambda r: r.model.last_channels is None),
        ("quantization.output_bits=12", lambda r: r.quantization.output_bits == 12),
        ("model.decoder={channels: [4], order: pointwise_first}", lambda r: r.model.decoder.channels == (4,)),
    ],
)
def test_an_override_replaces_one_value(setting, read):
    assert read(load_recipe(TINY, [setting]))


@pytest.mark.parametrize(
    ("setting", "where", "remedy"),
    [
        ("sead=1", "sead", "did you mean 'seed'?"),
        ("model.decoder.chanels=[8]", "model.decoder.chanels", "did you mean 'channels'?"),
        ("model.stages.0.unit=2", "model.stages.0.unit", "did you mean 'units'?"),
        ("training.zzz=1", "training.zzz", "valid keys here: batch_size"),
    ],
)
def test_an_unknown_key_is_located_and_the_nearest_one_offered(setting, where, remedy):
    with pytest.raises(RecipeError) as caught:
        load_recipe(TINY, [setting])
    assert where in caught.value.where
    assert str(TINY) in caught.value.where
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "setting",
    [
        "data.image_size=24",  # 32 would divide by the last stage's stride of 16, 24 does not
        "model.decoder.channels=[8, 8, 8, 8]",
        "model.stages.0.channels=7",
        "model.decoder.operator=fancy",
        "quantization.weight_bits=9",
        "training.float_phase.learning_rate=-1",
        "training.ema=1",
        "training.freezing={boundary: 0.5}",
        "training.distillation={weight: 0}",
        "training.augmentation={scale: [1.4, 0.6]}",
        "quantization.weight_percentile=0",
        "quantization.weight_scale=median",
        "model=3",
        "name=../escape",
        "seed.x=1",
        "no-equals-sign",
    ],
)
def test_a_bad_value_is_refused_in_one_line(setting):
    with pytest.raises(RecipeError) as caught:
        load_recipe(TINY, [setting])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "\x00"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(RecipeError, match=r"bad\.yaml"):
        load_recipe(tmp_path / "bad.yaml")


def test_a_missing_recipe_lists_the_shipped_ones():
    with pytest.raises(RecipeError, match="codenet-digits"):
        load_recipe("codenet-nothing")
