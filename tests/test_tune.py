"""`codesign tune`: a recipe in, the curve, the picture and the recipe with the chosen group size out."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesign.api.tune import tune
from codesign.cli.endings import MISTAKE
from codesign.cli.main import status
from codesign.errors import RecipeError
from codesign.recipe import load_recipe

RECIPE = Path(__file__).parent / "recipes" / "tiny-grouped.yaml"


def test_the_chosen_size_is_written_into_the_recipe_and_the_curve_into_a_picture(tmp_path: Path) -> None:
    written, plot = tmp_path / "tuned.yaml", tmp_path / "curve.png"
    found = tune(RECIPE, sizes=(1, 4), max_dsp=12, out=written, plot=plot)
    assert [p.group_size for p in found.curve.points] == [1, 4]
    assert [layer.operator for p in found.curve.points for layer in p.layers] == ["depthwise"] * 2 + ["group_conv"] * 2
    assert load_recipe(written).model.groups.size == found.curve.chosen.group_size
    assert load_recipe(written).model.blocks == load_recipe(RECIPE).model.blocks
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_size_that_does_not_divide_the_channels_is_refused_with_its_place() -> None:
    with pytest.raises(RecipeError, match="8 input and 8 output channels do not divide into groups of 3"):
        tune(RECIPE, sizes=(3,))


def test_a_network_without_groups_is_refused() -> None:
    with pytest.raises(RecipeError, match="a codenet has no grouped convolutions"):
        tune("codenet-digits")


@pytest.mark.parametrize("sizes", ["0", "2,x", ""])
def test_sizes_that_are_no_numbers_are_refused(sizes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["tune", str(RECIPE), "--group-size", sizes]) == MISTAKE
    assert "give auto, or e.g. 4,8,16" in capsys.readouterr().err
