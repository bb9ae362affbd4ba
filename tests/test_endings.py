"""However a command ends, it says so in one line and with its status."""

import errno
import os
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from codesign.cli.main import status
from codesign.errors import CodesignError

PROGRAM = (sys.executable, "-m", "codesign")
WORK = {
    "summary": ("summary.summary", ["codenet-a"]),
    "train": ("train.train", ["codenet-digits", "--out", "nowhere"]),
    "eval": ("evaluate.evaluate", ["codenet-digits"]),
    "search": ("search.search", ["codenet-digits", "--out", "nowhere"]),
    "tune": ("tune.tune", ["codenet-digits"]),
    "export": ("export.export", ["codenet-digits", "--out", "nowhere"]),
    "verify": ("verify.verify", ["nowhere"]),
    "report": ("report.report", ["nowhere"]),
    "detect": ("detect.detect", ["nowhere", "nowhere"]),
    "simulate": ("simulate.simulate", ["nowhere"]),
    "synth": ("synth.synth", ["nowhere"]),
    "compare": ("compare.compare", ["nowhere", "nowhere"]),
    "ablate": ("ablate.ablate", ["--out", "nowhere"]),
    "demo": ("demo.demo", ["--out", "nowhere"]),
}
"""What each command calls, and how it is called."""

ENDS = {
    CodesignError("is wrong", where="it", remedy="mend it"): (2, "error: it: is wrong; mend it"),
    MemoryError(): (2, "ran out of memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory"): (2, "ran out of memory"),
    OSError(errno.ENOSPC, "No space left on device", "a file"): (2, "a file: No space left on device; make room"),
    KeyboardInterrupt(): (130, "interrupted; "),
    ValueError("two\nlines"): (70, "internal error: ValueError: two lines; this is a mistake of codesign's"),
    RecursionError("too deep"): (70, "internal error: RecursionError"),
}


@pytest.mark.parametrize("command", WORK)
@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_every_end_of_every_command_has_its_status_and_one_line(command, error, monkeypatch, capfd):
    def fail(*_, **__):
        raise error

    (place, arguments), (code, text) = WORK[command], ENDS[error]
    module, function = place.split(".")
    monkeypatch.setattr(import_module(f"codesign.api.{module}"), function, fail)
    assert status([command, *arguments]) == code
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert line.startswith("codesign: ") and text in line


def test_a_mistake_of_ours_leaves_a_file_to_report(monkeypatch, capfd):
    monkeypatch.setattr("codesign.api.summary.summary", lambda *_, **__: {}["absent"])
    assert status(["summary", "codenet-a"]) == 70
    (file,) = re.findall(r"with the file (\S+)", capfd.readouterr().err)
    text = Path(file).read_text()
    assert "codesign summary codenet-a" in text and "KeyError: 'absent'" in text and "Traceback" in text


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"], ["help", "export"], ["--version"], ["-V"]])
def test_questions_are_answered_with_status_0(arguments, capfd):
    assert status(arguments) == 0
    assert "codesign" in capfd.readouterr().out


def test_a_full_disk_and_a_reader_gone_are_told_of_standard_output():
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROGRAM, "targets"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*PROGRAM, "targets"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_an_ascii_terminal_is_enough():
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}
    for arguments in (["--help"], ["targets"], ["summary", "codenet-a"]):
        done = subprocess.run([*PROGRAM, *arguments], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        done.stdout.decode("ascii")


@pytest.mark.parametrize("cache", ["file", "/proc/nowhere"])
def test_a_cache_that_cannot_be_made_is_named_with_its_variable(cache, tmp_path, monkeypatch):
    from codesign.errors import CacheError
    from codesign.resources import cache_folder

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CODESIGN_CACHE", str(tmp_path / cache))
    with pytest.raises(CacheError, match="CODESIGN_CACHE"):
        cache_folder("simulators")
