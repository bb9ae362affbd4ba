"""The wheel works outside the checkout: recipes, boards, C++ and SystemVerilog libraries travel with it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("codesign", "hls", "rtl_sim/rtl", "models", "pyproject.toml", "setup.py", "README.md", "LICENSE")
PROGRAM = "from codesign.cli.main import main; main()"


def pip(*arguments):
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that holds nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source, copy = ROOT / name, folder / "source" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source"))
    (wheel,) = folder.glob("*.whl")
    pip("install", "--no-deps", "--target", str(folder / "site"), str(wheel))
    shutil.rmtree(folder / "source")
    return folder / "site"


def codesign(installed, cwd, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_the_installed_package_is_the_one_that_runs(installed, tmp_path):
    code = "import codesign; print(codesign.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert found.stdout.startswith(str(installed))


def test_targets_are_listed_from_the_wheel(installed, tmp_path):
    listed = codesign(installed, tmp_path, "targets")
    assert listed.returncode == 0, listed.stderr
    assert "pynq-z2" in listed.stdout


def test_shipped_recipes_are_found_from_the_wheel(installed, tmp_path):
    refused = codesign(installed, tmp_path, "train", "absent")
    assert refused.returncode == 2
    assert "codenet-digits" in refused.stderr


def test_a_network_is_exported_and_reported_on_from_the_wheel(installed, tmp_path, tiny_run):
    exported = codesign(installed, tmp_path, "export", str(tiny_run), "--out", "build")
    assert exported.returncode == 0, exported.stderr
    reported = codesign(installed, tmp_path, "report", "build")
    assert reported.returncode == 0, reported.stderr
    assert "frames/s" in reported.stdout
    copied = {file.name for file in (tmp_path / "build" / "rtl").rglob("*.sv")}
    assert {"top.sv", "deform.sv"} <= copied
    assert (tmp_path / "build" / "hls" / "firmware" / "nnet_utils" / "nnet_deform.h").is_file()
