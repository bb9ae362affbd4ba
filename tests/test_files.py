"""Files and folders that are replaced: in one step, whatever happens meanwhile."""

import ctypes
from pathlib import Path

import pytest

from codesign.files import locked, new_folder


def fill(path, text):
    with new_folder(path) as folder:
        (folder / "text").write_text(text)


def test_an_older_folder_changes_places_in_one_step(tmp_path, monkeypatch):
    fill(tmp_path / "build", "first")

    def refuse(*_):
        raise AssertionError("there would be a moment without the folder")

    monkeypatch.setattr(Path, "replace", refuse)
    fill(tmp_path / "build", "second")
    assert (tmp_path / "build" / "text").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_where_the_system_cannot_exchange_folders_they_are_replaced_all_the_same(tmp_path, monkeypatch):
    fill(tmp_path / "build", "first")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    fill(tmp_path / "build", "second")
    assert (tmp_path / "build" / "text").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_a_folder_is_one_process_at_a_time(tmp_path):
    with locked(tmp_path) as mine:
        assert mine
        with locked(tmp_path) as other:
            assert not other
    with locked(tmp_path) as mine:
        assert mine


def test_an_error_within_the_block_is_the_blocks_own(tmp_path):
    with pytest.raises(BlockingIOError), locked(tmp_path):
        raise BlockingIOError
