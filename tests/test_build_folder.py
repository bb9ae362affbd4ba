"""The build folder: whole or not at all, and never in place of something else."""

import json

import pytest

from codesign.build_folder import new_build, open_build
from codesign.errors import BuildError


def make(path, text="first"):
    with new_build(path, {"source": text}) as build:
        build.schedule.write_text(text)


def test_a_build_appears_whole_with_hashes_and_versions(tmp_path):
    make(tmp_path / "build")
    build = open_build(tmp_path / "build")
    assert build.manifest["source"] == "first"
    assert len(build.manifest["files"]["schedule.json"]) == 64
    assert {"torch", "onnx", "verilator"} <= set(build.manifest["versions"])


def test_a_failed_export_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), new_build(tmp_path / "build", {}) as build:
        build.schedule.write_text("half")
        raise KeyboardInterrupt
    assert not any(tmp_path.iterdir())


def test_a_failed_export_leaves_the_older_build_as_it_was(tmp_path):
    make(tmp_path / "build")
    with pytest.raises(RuntimeError), new_build(tmp_path / "build", {}) as build:
        build.schedule.write_text("half")
        raise RuntimeError
    assert open_build(tmp_path / "build").schedule.read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_a_new_build_replaces_the_older_verdict(tmp_path):
    make(tmp_path / "build")
    build = open_build(tmp_path / "build")
    build.verification.write_text("{}")
    make(tmp_path / "build", "second")
    assert build.schedule.read_text() == "second"
    assert not build.verification.exists()


@pytest.mark.parametrize("present", ["file", "folder"])
def test_something_else_is_not_replaced(tmp_path, present):
    place = tmp_path / "mine"
    if present == "file":
        place.write_text("text")
    else:
        place.mkdir()
        (place / "notes.txt").write_text("text")
    with pytest.raises(BuildError, match="holds something that is not a build"):
        make(place)
    assert (place if present == "file" else place / "notes.txt").read_text() == "text"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "build").mkdir()
    make(tmp_path / "build")
    assert open_build(tmp_path / "build").schedule.read_text() == "first"


@pytest.mark.parametrize("manifest", ["", "[]", '{"format": 99}', "{"])
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path, manifest):
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(BuildError):
        open_build(tmp_path)


def test_an_export_into_a_build_in_use_is_refused(tmp_path):
    make(tmp_path / "build")
    with open_build(tmp_path / "build").locked(), pytest.raises(BuildError, match="another command"):
        make(tmp_path / "build", "second")
    assert json.loads((tmp_path / "build" / "manifest.json").read_text())["source"] == "first"


def test_two_exports_at_once_into_a_new_folder_do_not_both_succeed(tmp_path):
    with new_build(tmp_path / "build", {"source": "first"}) as build:
        build.schedule.write_text("first")
        with pytest.raises(BuildError, match="another command"):
            make(tmp_path / "build", "second")
    assert open_build(tmp_path / "build").schedule.read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_what_was_changed_taken_away_or_added_is_named(tmp_path):
    with new_build(tmp_path / "build", {}) as build:
        build.rtl.mkdir()
        for name in ("a.sv", "b.sv"):
            (build.rtl / name).write_text(name)
    build = open_build(tmp_path / "build")
    for later in (build.report, build.verification, build.path / "top.fst"):
        later.write_text("")
    assert not open_build(build.path).changes
    (build.rtl / "a.sv").write_text("other")
    (build.rtl / "b.sv").unlink()
    (build.rtl / "c.sv").write_text("")
    with pytest.raises(BuildError, match=r"changed: rtl/a\.sv; missing: rtl/b\.sv; extra: rtl/c\.sv.*--changed"):
        open_build(build.path)
    assert open_build(build.path, changed=True).changes.extra == ("rtl/c.sv",)


@pytest.mark.parametrize("files", [None, ["a"], {"/etc/passwd": ""}, {"../a": ""}, {"a": 1}])
def test_a_manifest_that_lists_no_files_is_refused(files, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1, "files": files}))
    with pytest.raises(BuildError, match="does not list the build's files"):
        open_build(tmp_path)
