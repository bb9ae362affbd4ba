"""Fitted numbers: made by a command out of what is kept, and with error bars that follow from them."""

import pytest
import yaml

from benchmarks.cost import fit, syntheses
from codesign.cost import coefficients, error_bars, stream
from codesign.cost.block import BlockCost, Resources
from codesign.cost.coefficients import Coefficient
from codesign.cost.error_bars import ErrorBar, ErrorBars
from codesign.cost.mvu import ControlLuts
from codesign.graph import TensorType


@pytest.fixture(scope="module")
def kept():
    return syntheses.load()


def numbers(content):
    """Every number of the file, by where it stands."""
    if isinstance(content, dict):
        return {(key, *place): found for key, part in content.items() for place, found in numbers(part).items()}
    return {(): content} if isinstance(content, (int, float)) else {}


def test_the_fit_makes_the_file_that_ships(kept):
    shipped = coefficients.FILE.read_text()
    made = numbers(yaml.safe_load(fit.fitted(kept, shipped)))
    assert made == pytest.approx(numbers(yaml.safe_load(shipped)), rel=0.02, abs=0.02)
    assert len(made) > 200


def test_the_fit_does_not_depend_on_the_values_that_were_there_before(kept):
    content = yaml.safe_load(coefficients.FILE.read_text())
    for section in content["sections"].values():
        for entry in section["coefficients"].values():
            entry["value"] = 7.0
    few = kept[:40]
    shipped = coefficients.FILE.read_text()
    fitted = numbers(yaml.safe_load(fit.fitted(few, yaml.safe_dump(content))))
    told = numbers(yaml.safe_load(fit.fitted(few, shipped)))
    assert {place for place in told if fitted[place] != told[place]} == {
        place for place in told if fitted[place] == 7.0
    }


def test_a_kept_synthesis_of_another_block_than_is_drawn_is_noticed(kept, tmp_path):
    syntheses.save(kept[:2], file := tmp_path / "syntheses.json", whole=True)
    assert [found.used for found in syntheses.load(file)] == [found.used for found in kept[:2]]
    file.write_text(file.read_text().replace(kept[0].point.label, "another block"))
    with pytest.raises(ValueError, match="another block"):
        syntheses.load(file)


def test_every_coefficient_says_what_it_is_and_changing_one_changes_prices(kept):
    assert all(
        isinstance(found, Coefficient) and found.unit and found.meaning for found in coefficients.stored().values()
    )
    conv = next(found.point for found in kept if found.point.operator == "conv")
    before = conv.cost.lut
    with coefficients.replaced({"mvu.control": coefficients.coefficients("mvu", ControlLuts).control + 100}):
        assert conv.cost.lut == before + 100
    assert conv.cost.lut == before


def test_a_price_that_was_asked_for_before_follows_its_coefficients_all_the_same():
    tensor = TensorType((8, 4, 4), 0, 255)
    before = stream.width(tensor, 1, 2).lut
    with coefficients.replaced({"stream.adapter.lut": 1000.0}):
        assert stream.width(tensor, 1, 2).lut > 1000
    assert stream.width(tensor, 1, 2).lut == before


def test_most_kept_blocks_lie_within_their_error_bars(kept):
    for figure in ("lut", "ff"):
        within = [
            abs(getattr(found.point.cost, figure) - getattr(found.used, figure))
            <= error_bars.of_block(found.point.operator, found.point.cost).of(figure) + 0.5
            for found in kept
        ]
        assert sum(within) >= 0.85 * len(within)


def test_every_kept_block_takes_the_slices_and_block_rams_that_are_said(kept):
    assert [
        found.point.label
        for found in kept
        if (found.point.cost.dsp, found.point.cost.bram36) != (found.used.dsp, found.used.bram36)
    ] == []


def test_no_kept_block_is_off_by_more_than_twice_its_error_bar(kept):
    far = []
    for found in kept:
        cost, used = found.point.cost, found.used
        bars = error_bars.of_block(found.point.operator, cost)
        pairs = [(getattr(cost, figure), getattr(used, figure), bars.of(figure)) for figure in ("lut", "ff")]
        if any(abs(said - taken) > 2 * bar + 1 for said, taken, bar in pairs):
            far.append((found.point.label, pairs))
    assert far == []


def test_blocks_of_an_operator_are_neither_all_said_too_large_nor_all_too_small(kept):
    for operator in {found.point.operator for found in kept}:
        own = [found for found in kept if found.point.operator == operator]
        for figure in ("lut", "ff"):
            said = sum(getattr(found.point.cost, figure) for found in own)
            assert said == pytest.approx(sum(getattr(found.used, figure) for found in own), rel=0.05, abs=10), operator


def test_what_errors_have_in_common_adds_up_and_the_rest_by_squares():
    own, shared = ErrorBar(half_width=3.0), ErrorBar(half_width=5.0, common=5.0)
    assert (own + ErrorBar(half_width=4.0)).half_width == pytest.approx(5)
    assert (shared + shared).half_width == pytest.approx(10)
    mixed = ErrorBar(half_width=5.0, common=3.0) + ErrorBar(half_width=5.0, common=3.0)
    assert mixed.half_width == pytest.approx((2 * 16 + 36) ** 0.5)
    many = error_bars.total([ErrorBars(lut=own)] * 100).lut
    assert many.half_width == pytest.approx(30)


def test_one_reader_needs_no_fork_and_several_one_that_grows_with_them():
    assert stream.fork(1) == BlockCost(0, 0, 0, 0, 0, 0)
    assert 2 * stream.fork(2).lut == pytest.approx(stream.fork(4).lut, abs=1)
    assert [stream.fork(readers).ff for readers in (2, 3)] == [2, 3]


def test_what_takes_nothing_has_no_error_and_what_is_counted_has_none():
    bars = error_bars.of_block("conv", Resources(lut=1000))
    assert bars.lut.half_width > 0 and bars.ff == ErrorBar()
    assert (bars.of("dsp"), bars.of("bram36")) == (0, 0)
