"""What all Verilator builds share is compiled once; what has changed, or was damaged, is compiled anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codesign.emit.rtl import verilator

USERS, TESTS = verilator.OBJECT_CACHE, Path(__file__).with_name("object_cache.py")
LIBRARY = "../kit/include/library.cpp"
both = pytest.mark.parametrize("script", [USERS, TESTS], ids=["users", "tests"])

COMPILER = """#!/bin/sh
[ "$1" = --version ] && { echo 1.0; exit; }
echo "$*" >> "$(dirname "$0")/calls"
while [ "$1" != -o ]; do shift; done
echo object > "$2"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A kit with a library of one source and two headers, a build's folder beside it, and a compiler that counts."""
    include = tmp_path / "kit" / "include"
    for made in (include, tmp_path / "build"):
        made.mkdir(parents=True)
    (include / "library.cpp").write_text('#include "verilated_config.h"\n#include <vector>\n')
    (include / "verilated_config.h").write_text("# include <Vtop.h>\n")
    (tmp_path / "build" / "Vtop.h").write_text("")
    (tmp_path / "build" / "Vtop.cpp").write_text('#include "verilated_config.h"\n')
    (tmp_path / "c++").write_text(COMPILER)
    (tmp_path / "c++").chmod(0o755)
    monkeypatch.setenv("VERILATOR_ROOT", "../kit")
    monkeypatch.setenv("CODESIGN_OBJECTS", str(tmp_path / "objects"))
    monkeypatch.setenv("CODESIGN_HEADERS", str(tmp_path / "headers"))
    return tmp_path


def compiled(folder, source=LIBRARY, *flags, script=TESTS):
    """The compiler's calls for one source; its object is there afterwards."""
    calls, target = folder / "calls", folder / "build" / "made.o"
    for file in (calls, target):
        file.unlink(missing_ok=True)
    command = [str(folder / "c++"), *flags, "-I.", "-I../kit/include", "-c", "-o", "made.o", source]
    subprocess.run([sys.executable, "-S", script, *command], cwd=folder / "build", check=True)
    assert target.read_text() == "object\n"
    return calls.read_text().splitlines() if calls.exists() else []


def add_to(*parts):
    def change(folder):
        with open(folder.joinpath(*parts), "a") as file:
            file.write("// changed\n")

    return change


def damage(folder):
    (kept,) = (folder / "objects").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])


@both
def test_the_library_is_compiled_once_for_all_builds(folder, script):
    assert len(compiled(folder, script=script)) == 1
    assert compiled(folder, script=script) == []
    (folder / "build").rename(folder / "first")
    (folder / "build").mkdir()
    (folder / "build" / "Vtop.h").write_text("")
    assert compiled(folder, script=script) == []


CHANGES = [
    add_to("kit", "include", "library.cpp"),
    add_to("kit", "include", "verilated_config.h"),
    damage,
    lambda folder: (folder / "c++").write_text(COMPILER.replace("1.0", "1.1")),
]


@both
@pytest.mark.parametrize("change", CHANGES, ids=["source", "header", "damage", "compiler"])
def test_it_is_compiled_anew_when_it_was_damaged_or_the_compiler_is_another(folder, change, script):
    compiled(folder, script=script)
    change(folder)
    assert len(compiled(folder, script=script)) == 1
    assert compiled(folder, script=script) == []


def test_a_main_program_is_shared_by_builds_whose_header_says_the_same(folder):
    (folder / "main.cpp").write_text('#include "Vtop.h"\n')
    assert len(compiled(folder, "../main.cpp")) == 1
    assert compiled(folder, "../main.cpp") == []
    add_to("build", "Vtop.h")(folder)
    assert len(compiled(folder, "../main.cpp")) == 1
    assert len(compiled(folder, "../main.cpp", script=USERS)) == len(compiled(folder, "../main.cpp", script=USERS)) == 1


@both
def test_objects_of_other_flags_are_others(folder, script):
    compiled(folder, script=script)
    assert len(compiled(folder, LIBRARY, "-g", script=script)) == 1
    assert compiled(folder, script=script) == []


@both
def test_what_was_generated_is_compiled_each_time(folder, script):
    calls = [compiled(folder, "Vtop.cpp", script=script)[-1] for _ in range(2)]
    assert calls[0] == calls[1] and calls[0].endswith("Vtop.cpp")
    assert not (folder / "objects").exists()


def test_what_is_shared_is_optimized_and_nothing_else(folder):
    assert compiled(folder, LIBRARY, "-O0")[-1].split()[-2] == "-O1"
    assert "-O1" not in compiled(folder, "Vtop.cpp", "-O0")[-1].split()


@both
def test_everything_is_compiled_where_nothing_can_be_kept(folder, monkeypatch, script):
    (folder / "file").write_text("")
    for name in ("CODESIGN_OBJECTS", "CODESIGN_HEADERS"):
        monkeypatch.setenv(name, str(folder / "file" / "objects"))
    for source in (LIBRARY, "Vtop.cpp"):
        assert [call.split()[-1] for call in compiled(folder, source, script=script)] == [source]


def test_the_librarys_header_is_precompiled_once_for_each_set_of_flags(folder):
    first, second = compiled(folder, "Vtop.cpp")
    assert "-x c++-header" in first and "-c" in second.split()
    header = second.split()[second.split().index("-include") + 1]
    assert header == first.split()[-1] and os.path.exists(f"{header}.gch")
    assert compiled(folder, "Vtop.cpp") == [second]
    assert len(compiled(folder, "Vtop.cpp", "-O1")) == 2
    assert len(compiled(folder, "Vtop.cpp", "-include", "its_own.h")) == 1
