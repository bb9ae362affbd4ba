"""Files and folders that are replaced: in one step, whatever happens meanwhile."""

import ctypes
import shutil
from pathlib import Path

import pytest

from codesign.errors import CodesignError
from codesign.files import UNFINISHED, claimed, locked, new_folder


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


def test_what_a_killed_process_left_is_cleared_and_what_another_fills_is_not(tmp_path):
    left = tmp_path / ".build.12345678.unfinished"
    mine = tmp_path / ".build.notebook"
    for folder in (left, mine):
        folder.mkdir()
    with new_folder(tmp_path / "build") as other:
        fill(tmp_path / "build", "first")
        assert other.is_dir() and mine.is_dir() and not left.exists()


def test_a_signal_while_a_folder_is_made_leaves_none(tmp_path, monkeypatch):
    mkdir = Path.mkdir

    def made(path, *options, **named):
        mkdir(path, *options, **named)
        if path.name.endswith(UNFINISHED):
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", made)
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "build"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_signal_while_a_folder_is_removed_leaves_none(tmp_path, monkeypatch):
    rmtree = shutil.rmtree

    def interrupted(*places, **options):
        monkeypatch.setattr(shutil, "rmtree", rmtree)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "build") as folder:
        (folder / "file").write_text("half")
        monkeypatch.setattr(shutil, "rmtree", interrupted)
        raise OSError
    assert list(tmp_path.iterdir()) == []


def test_errors_name_the_place_and_not_the_folder_beside(tmp_path):
    with pytest.raises(FileNotFoundError) as error, new_folder(tmp_path / "build") as folder:
        (folder / "absent").read_text()
    assert error.value.filename == str(tmp_path / "build" / "absent")
    with pytest.raises(CodesignError, match="build/part: is wrong") as told, new_folder(tmp_path / "build") as folder:
        raise CodesignError("is wrong", where=str(folder / "part"))
    assert told.value.where == str(tmp_path / "build" / "part")


def test_a_claim_is_of_a_place_where_nothing_is_and_leaves_nothing(tmp_path):
    with claimed(tmp_path / "build") as mine, claimed(tmp_path / "build") as other:
        assert mine and not other
    assert not any(tmp_path.iterdir())
