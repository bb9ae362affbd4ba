"""YAML is read as 1.2; what 1.1 takes for something else is refused, and never written."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codesign.yaml_text import dump, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("[1, -0, .5, 5., -.inf, ~, null, true, False]", [1, 0, 0.5, 5.0, float("-inf"), None, None, True, False]),
        ("2001-01-01", "2001-01-01"),
        ("'yes'", "yes"),
        ("1_a", "1_a"),
        ("a: &a {b: 1, e: 3}\nc:\n  <<: *a\n  b: 2\nd: *a", {"a": {"b": 1, "e": 3}, "c": {"b": 2, "e": 3}, "d": {"b": 1, "e": 3}}),  # noqa: E501
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    "text", ["1_0", "1_0.5", "1.5_0", "1:30", "010", "0o10", "0x1F", "0b1", "yes", "No", "on", "OFF"]
)
def test_what_two_versions_read_differently_is_refused(text):
    with pytest.raises(ValueError, match=r"line 1, column 4: .* means different things"):
        parse(f"a: {text}")


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "[", "9" * 100_000, "[" * 5000, "? [a]\n: 1", "!!python/name:os.system"]
)
def test_what_is_wrong_is_said_in_one_line(text):
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) <= 300


PLAIN = st.text("0123456789abcdefxonyesENYf_.:+-~<=#", max_size=8)


@given(
    st.recursive(
        PLAIN | st.integers() | st.booleans() | st.none(), lambda part: st.lists(part) | st.dictionaries(PLAIN, part)
    )
)
def test_what_is_written_reads_back_equal_by_either_version(value):
    assert parse(dump(value)) == value
    assert yaml.safe_load(dump(value)) == value
