"""Compiled simulators are run only if they are, to the bit, what was compiled."""

import os
import shutil
import threading
import time

import pytest

from codesign.emit import simulators


def compiled(folder, text="#!/bin/sh\n"):
    """Compiles into `folder`; returns the program and how often something was compiled."""
    made = []

    def compile_in(scratch):
        made.append(scratch)
        program = scratch / "made"
        program.write_text(text)
        program.chmod(0o755)
        return program

    return simulators.simulator("rtl-1", compile_in, folder)[0], len(made)


def truncate(program):
    program.write_bytes(program.read_bytes()[:3])


def replace(program):
    shutil.copy("/bin/true", program)


def take_its_mark(program):
    (program.parent / simulators.MARKER).write_text("")


def forbid(program):
    program.chmod(0o644)


def put_a_folder(program):
    program.unlink()
    program.mkdir()


def put_a_file_for_its_folder(program):
    shutil.rmtree(program.parent)
    program.parent.write_text("")


@pytest.mark.parametrize(
    "damage", [truncate, replace, take_its_mark, forbid, put_a_folder, put_a_file_for_its_folder, lambda p: None]
)
def test_one_that_is_not_what_was_compiled_is_made_anew(damage, tmp_path):
    program, count = compiled(tmp_path)
    assert count == 1
    damage(program)
    again, count = compiled(tmp_path)
    assert count == (damage.__name__ != "<lambda>")
    assert again.read_text() == "#!/bin/sh\n" and os.access(again, os.X_OK)
    assert [path.name for path in tmp_path.iterdir()] == ["rtl-1"]


def test_a_failed_compilation_leaves_nothing_and_names_no_scratch_folder(tmp_path):
    def fail(scratch):
        raise OSError(28, "No space left on device", str(scratch / "file"))

    with pytest.raises(OSError, match="No space") as error:
        simulators.simulator("rtl-1", fail, tmp_path)
    assert error.value.filename == str(tmp_path / "file")
    assert not any(tmp_path.iterdir())


def test_those_used_least_recently_go(tmp_path, monkeypatch):
    monkeypatch.setattr(simulators, "LIMIT_BYTES", 15)
    for number in range(3):
        old = tmp_path / f"old-{number}"
        old.mkdir()
        (old / simulators.PROGRAM).write_bytes(b"12345")
        os.utime(old, (time.time() - 9000 + number,) * 2)
    compiled(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old-2", "rtl-1"]


def test_who_asks_for_what_is_being_compiled_gets_it_once_it_is(tmp_path):
    found, compiling = [], threading.Event()

    def of_another(scratch):
        compiling.set()
        raise AssertionError("compiles what is being compiled")

    another = threading.Thread(target=lambda: found.append(simulators.simulator("rtl-1", of_another, tmp_path)))

    def compile_in(scratch):
        another.start()
        compiling.wait(0.2)
        program = scratch / "made"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        return program

    program, _ = simulators.simulator("rtl-1", compile_in, tmp_path)
    another.join()
    assert found == [(program, 0.0)] and not compiling.is_set()
