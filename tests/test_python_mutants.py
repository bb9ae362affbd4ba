"""The mutants of the Python code: which there are, and which tests they are tried on."""

from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="pip install codesign[mutants]")

from trust.checkout import Checkout, digest
from trust.covering_tests import CoveringTests, _holds, _sha, is_executed_on_import
from trust.python_mutants import within
from trust.python_mutations import definition, mutations

MODULE = """\
from __future__ import annotations

LIMIT = 3


def clipped(value: int | None = 0, most: int = LIMIT) -> int | None:
    if value > most:
        return most - 1
    return value


def doubled(value):
    return [
        value *
        2,
    ]
"""


@pytest.fixture
def module(tmp_path):
    file = tmp_path / "module.py"
    file.write_text(MODULE)
    return file


def test_every_line_with_a_number_an_operator_or_a_condition_has_one_mutation_that_is_python(module):
    found = mutations(module, seed=1)
    assert [m.line for m in found] == [3, 6, 7, 8, 14, 15]
    for mutation in found:
        assert mutation.text() not in (None, MODULE)


def test_annotations_are_left_as_they_are(module):
    for seed in range(30):
        for mutation in mutations(module, seed):
            assert "int | None" in mutation.text()


def test_the_order_stays_where_lines_are_added_and_files_move(module, tmp_path):
    before = {m.code: (m.rank, m.operator) for m in mutations(module, 1)}
    moved = tmp_path / "other" / "module.py"
    moved.parent.mkdir()
    moved.write_text("import os\n" + MODULE.replace("def doubled", "WIDE = 7\n\n\ndef doubled"))
    after = {m.code: (m.rank, m.operator) for m in mutations(moved, 1)}
    assert before.items() <= after.items()
    assert {m.rank for m in mutations(module, 2)}.isdisjoint(rank for rank, _ in before.values())


def test_a_definition_changes_with_its_own_text_alone(module):
    before = definition(module, 7), definition(module, 15)
    module.write_text(MODULE.replace("most - 1", "most - 2"))
    after = definition(module, 7), definition(module, 15)
    assert before[0] != after[0] and before[1] == after[1]


def measured(lines, **shared):
    tests = [
        {"name": "a.py::quick", "cost_s": 0.1, "uses": [], "slow": False},
        {"name": "a.py::lasting", "cost_s": 3.0, "uses": [], "slow": False},
        {"name": "b.py::shares", "cost_s": 0.2, "uses": ["b::run"], "slow": False},
    ]
    return CoveringTests([{"tests": tests, "shared_cost_s": {"b::run": 5.0}, "lines": lines}])


@pytest.mark.parametrize(
    ("context", "line", "names"),
    [
        ({"a.py::quick": [7, 9]}, 7, ["a.py::quick"]),
        ({"a.py::quick": [7, 9]}, 8, []),  # nothing has gone into the branch
        ({"a.py::quick": [9], "a.py::lasting": [14]}, 15, ["a.py::lasting"]),  # a statement of several lines
        ({"a.py::quick": [9], "a.py::lasting": [14]}, 6, ["a.py::quick"]),  # a head is executed with its function
        ({"a.py::quick": [9], "a.py::lasting": [14]}, 3, ["a.py::quick", "a.py::lasting"]),  # the module's own
        ({"b::run": [9]}, 9, ["b.py::shares"]),  # a fixture's lines are its tests'
    ],
)
def test_tests_that_execute_a_mutants_statement_are_found_quickest_first(module, context, line, names):
    lines = {name: {"module.py": executed} for name, executed in context.items()}
    assert [test.name for test in measured(lines).of(module.parent, "module.py", line)] == names


def test_the_quickest_tests_are_taken_that_fit_into_the_time_at_least_one(module):
    tests = measured({name: {"module.py": [9]} for name in ("a.py::quick", "a.py::lasting", "b::run")})
    found = tests.of(Path(module.parent), "module.py", 9)
    assert [test.name for test in found] == ["a.py::quick", "a.py::lasting", "b.py::shares"]
    assert [len(within(found, tests.shared_cost_s, limit)) for limit in (0.01, 1, 3.5, 8, 8.5)] == [1, 1, 2, 2, 3]


def test_what_is_executed_on_import_is_told_from_what_a_function_does():
    lines = MODULE.splitlines()
    assert [is_executed_on_import(MODULE, 1 + lines.index(line)) for line in (lines[2], lines[5], lines[8])] == [
        True,
        False,
        False,
    ]


def test_a_measurement_holds_until_the_tests_or_what_they_execute_change(tmp_path):
    checkout = Checkout(tmp_path, tmp_path, tmp_path)
    files = [tmp_path / "tests" / f"{name}.py" for name in ("conftest", "made_once", "shared_cache", "test_a")]
    for file in (*files, tmp_path / "module.py"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(MODULE)
    measured = {"digest": digest(files), "executed": {"module.py": _sha(tmp_path / "module.py")}}
    assert _holds(measured, checkout, files[-1])
    (tmp_path / "other.py").write_text(MODULE)
    assert _holds(measured, checkout, files[-1])
    for file in (*files, tmp_path / "module.py"):
        file.write_text(MODULE + "\n")
        assert not _holds(measured, checkout, files[-1])
        file.write_text(MODULE)
    (tmp_path / "module.py").unlink()
    assert not _holds(measured, checkout, files[-1])
