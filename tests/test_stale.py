"""A figure knows when the sources that it depends on are no longer those it was measured on."""

import json
import subprocess

import pytest

from benchmarks import record, stale


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of one source and no result."""
    for command in (["init", "-q"], ["config", "user.name", "t"], ["config", "user.email", "t@example.org"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "source.py").write_text("a = 1\n")
    (tmp_path / "results").mkdir()
    subprocess.run(["git", "add", "source.py"], cwd=tmp_path, check=True)
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(record.digest, "__defaults__", (tmp_path,))
    return tmp_path


def found(repository):
    return {name for name, _ in stale.stale(repository / "results", repository)}


def test_a_result_is_fresh_until_its_source_changes(repository):
    record.save("figure", {"value": 3}, ["*.py"])
    assert found(repository) == set()
    (repository / "source.py").write_text("a = 2\n")
    assert found(repository) == {"figure"}


def test_a_change_elsewhere_leaves_it_fresh(repository):
    record.save("figure", {"value": 3}, ["source.py"])
    (repository / "other.py").write_text("b = 1\n")
    subprocess.run(["git", "add", "other.py"], cwd=repository, check=True)
    assert found(repository) == set()


def test_a_result_that_does_not_say_where_it_comes_from_is_stale(repository):
    (repository / "results" / "old.json").write_text(json.dumps({"value": 3}))
    assert found(repository) == {"old"}


def test_a_result_of_which_a_part_is_measured_anew_is_as_old_as_the_rest(repository):
    record.save("figure", {"a": 1, "b": 2}, ["source.py"])
    (repository / "source.py").write_text("a = 2\n")
    record.save("figure", {"a": 1, "b": 3}, ["source.py"], whole=False)
    assert found(repository) == {"figure"}
    record.save("figure", {"a": 2, "b": 3}, ["source.py"])
    assert found(repository) == set()


def test_the_first_part_of_a_result_is_all_of_it(repository):
    record.save("figure", {"a": 1}, ["source.py"], whole=False)
    assert found(repository) == set()


def test_what_is_loaded_is_what_was_saved(repository):
    record.save("figure", {"value": 3}, ["source.py"])
    assert record.load("figure") == {"value": 3}
    assert record.load("absent") == {}


def test_a_command_names_a_file_of_ones_own_by_its_kind_and_is_not_run_again(repository, monkeypatch):
    (repository / "cells.yaml").write_text("name: cells\n")
    arguments = ["source.py", "--recipe", str(repository / "cells.yaml"), "--against", str(repository), "--pairs", "4"]
    monkeypatch.setattr(record.sys, "argv", ["figure", *arguments])
    monkeypatch.chdir(repository)
    path = record.save("figure", {"value": 3}, ["source.py"])
    (repository / "source.py").write_text("a = 2\n")
    made = dict(stale.stale(path.parent, repository))["figure"]
    assert made.command.endswith(" source.py --recipe FILE --against FOLDER --pairs 4")
    assert not stale.cheap(made)
    assert stale.cheap(record.Made("python -m figure --pairs 4", (), "", "", 1.0))


def test_comments_docstrings_and_empty_lines_of_python_leave_it_fresh(repository):
    (repository / "source.py").write_text('a = "#"\n\n\ndef f(x):\n    return x  # as it is\n')
    record.save("figure", {"value": 3}, ["source.py"])
    text = '"""What a is."""\na = "#"\n\ndef f(x):\n    """x itself,\n\n    at once."""\n\n    return x\n# the end\n'
    (repository / "source.py").write_text(text)
    assert found(repository) == set()
    (repository / "source.py").write_text(text.replace('"#"', '"# "'))
    assert found(repository) == {"figure"}


def test_parts_of_a_result_are_fresh_each_by_itself(repository):
    (repository / "other.py").write_text("b = 1\n")
    subprocess.run(["git", "add", "other.py"], cwd=repository, check=True)
    record.save("figure", {"a": 1}, ["source.py"], part="first")
    record.save("figure", record.load("figure") | {"b": 1}, ["other.py"], part="second")
    (repository / "source.py").write_text("a = 2\n")
    assert found(repository) == {"figure, first"}
    assert record.fresh("figure", "second", ["other.py"])
    assert not record.fresh("figure", "first", ["source.py"])
    assert not record.fresh("figure", "third", ["source.py"])


def test_a_result_names_the_commit_it_was_measured_at(repository):
    subprocess.run(["git", "commit", "-qm", "first"], cwd=repository, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout
    record.save("figure", {"value": 3}, ["source.py"])
    (repository / "source.py").write_text("a = 2\n")
    assert head.startswith(dict(stale.stale(repository / "results", repository))["figure"].commit)
    record.save("figure", {"value": 3}, ["source.py"])
    (repository / "source.py").write_text("a = 3\n")
    assert dict(stale.stale(repository / "results", repository))["figure"].commit.endswith("-dirty")
