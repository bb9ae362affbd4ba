"""Recipes are checked whole, and say where they are wrong."""

from pathlib import Path

import pytest

from codesign import yaml_text
from codesign.errors import RecipeError
from codesign.networks import sections
from codesign.recipe import Recipe, load_recipe, save_recipe
from codesign.resources import models_dir
from codesign.targets import Target

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"


@pytest.mark.parametrize("file", sorted(models_dir().glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_recipe_is_valid_and_found_by_its_name(file):
    assert load_recipe(file.stem).name == file.stem


@pytest.mark.parametrize("name", ["codenet-digits", "codenet-ablation", "fashion-binary", "fashion-mobilenet"])
def test_recipes_with_published_figures_train_alike_whatever_the_defaults_are(name):
    said = yaml_text.parse((models_dir() / f"{name}.yaml").read_text())["training"]
    assert all({"epochs", "learning_rate"} <= said[phase].keys() for phase in ("float_phase", "quantized_phase"))
    assert load_recipe(name).training.batch_norm == "folded"


def test_a_saved_recipe_reads_back_equal(tmp_path):
    recipe = load_recipe(TINY)
    save_recipe(recipe, tmp_path / "again.yaml")
    assert load_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        ("seed=7", lambda r: r.seed == 7),
        ("training.float_phase.epochs=9", lambda r: r.training.float_phase.epochs == 9),
        ("training.float_phase.steps=9", lambda r: r.training.float_phase.passes(2) == 5),
        ("training.quantized_phase={}", lambda r: r.training.quantized_phase.steps > 0),
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


@pytest.mark.parametrize(
    "setting",
    [
        f"seed={2**70}",
        "seed=-1",
        "seed=1_0",
        "seed='1_0'",
        "seed=1:30",
        "seed=0o10",
        "seed=yes",
        "seed=true",
        "training.float_phase.learning_rate=.inf",
        "training.float_phase.learning_rate=.nan",
        "training.float_phase.learning_rate=1e-300",
        "training.float_phase.epochs=0",
        "training.float_phase.steps=0",
        "training.float_phase={epochs: 1, steps: 9}",
        "training.batch_size=1000000000",
        "training.augmentation={mirror: 'yes'}",
        "model.classes=1000000000",
        "model.classes=0",
        "model.classes=true",
        "model.classes=[cat, cat]",
        "model.stages.0.units=1000000",
        "data.image_size=1000000",
        "data.digit_heights=[20, 10]",
    ],
)
def test_values_out_of_range_are_refused_in_one_short_line(setting):
    with pytest.raises(RecipeError) as caught:
        load_recipe(TINY, [setting])
    assert setting.split("=")[0].split(".")[-1] in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_a_batch_that_no_memory_holds_is_refused():
    with pytest.raises(RecipeError, match="batch_size 60,000 of images of 8192 x 8192 pixels is more than 4 GiB"):
        load_recipe(TINY, ["training.batch_size=60000", "data.image_size=8192", "data.train_images=1"])


def test_every_number_of_a_recipe_and_of_a_target_has_a_least_and_a_greatest_value():
    models = (Recipe, *sections().values(), Target)
    found = [number for model in models for number in _numbers(model.model_json_schema(), model.__name__)]
    bounds = ({"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"})
    assert len(found) > 50
    assert not [path for path, schema in found if not all(bound & set(schema) for bound in bounds)]


def _numbers(schema, path):
    """Paths and schemas of all numbers in a JSON schema."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and "const" not in schema and "enum" not in schema:
            yield path, schema
        for key, part in schema.items():
            yield from _numbers(part, f"{path}.{key}")
    elif isinstance(schema, list):
        for place, part in enumerate(schema):
            yield from _numbers(part, f"{path}.{place}")
