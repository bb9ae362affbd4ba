"""What `pip install codesign` brings is enough to export, verify, simulate and report; what more takes is said."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from codesign.api.export import qonnx_of_run
from codesign.extras import EXTRAS, lacking
from codesign.frontend.qonnx import import_qonnx
from codesign.graph import digest
from codesign.resources import models_dir
from codesign.run_folder import NETWORK, WEIGHTS, keep_network, kept_network

ROOT = Path(__file__).parents[1]
BLOCKER = Path(__file__).parent / "without_training"
SHIPPED = [path.parent.name for path in models_dir().glob(f"*/{WEIGHTS}")]


def codesign(cwd, *arguments):
    """Runs a command in a Python without what the extra `train` brings."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(BLOCKER), str(ROOT)]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "codesign", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def done(cwd, *arguments):
    ended = codesign(cwd, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_blocked_modules_are_absent(tmp_path):
    ended = codesign(tmp_path, "summary", "codenet-a")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip() == (
        "codesign: error: this needs torch, which is not installed; pip install 'codesign[train]'"
    )


def chain(folder, run, images):
    """Exports a run, verifies, simulates and reports on it; returns the verdict and what was printed of it."""
    assert "frames/s" in done(folder, "export", run, "--out", "build")
    printed = done(folder, "verify", "build", "--images", str(images))
    assert "outputs of 2 frames: exact" in done(folder, "simulate", "build")
    assert "page: " in done(folder, "report", "build", "--html")
    assert (folder / "build" / "report.html").stat().st_size > 10_000
    return json.loads((folder / "build" / "verify.json").read_text()), printed


def test_a_trained_run_is_exported_verified_simulated_and_reported_on_without_pytorch(tiny_run, tmp_path):
    run = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    keep_network(run, qonnx_of_run(run))
    verdict, printed = chain(tmp_path, run, 1)
    assert verdict["exact"] and verdict["skipped"] == ["brevitas"]
    assert "exact in part: brevitas did not run" in printed and "codesign[train]" in printed


@pytest.mark.slow
@pytest.mark.parametrize("run", SHIPPED)
def test_a_run_that_ships_needs_no_pytorch(run, tmp_path):
    assert chain(tmp_path, run, 1)[0]["exact"]


@pytest.mark.parametrize("run", SHIPPED)
def test_a_run_that_ships_has_its_network(run):
    folder = models_dir() / run
    kept = kept_network(folder)
    assert kept is not None
    assert digest(import_qonnx(kept)) == digest(import_qonnx(qonnx_of_run(folder)))


def test_a_kept_network_of_other_weights_is_not_taken(tiny_run, tmp_path):
    run = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    shutil.copy(models_dir() / SHIPPED[0] / NETWORK, run)
    assert kept_network(run) is None
    (run / NETWORK).write_bytes(b"no network")
    assert kept_network(run) is None
    ended = codesign(tmp_path, "export", run, "--out", "build")
    assert ended.returncode == 2 and "codesign[train]" in ended.stderr
    assert not (tmp_path / "build").exists()


def test_every_module_of_an_extra_names_it():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {name: [re.split(r"[\[<>=]", need)[0] for need in needs] for name, needs in extras.items()}
    packages = {"serial": "pyserial"}
    for module, extra in EXTRAS.items():
        assert packages.get(module, module.replace("_", "-")) in names[extra], module
        said = str(lacking(ModuleNotFoundError(f"No module named '{module}'", name=f"{module}.inner")))
        assert module in said and f"pip install 'codesign[{extra}]'" in said
    assert lacking(ModuleNotFoundError("No module named 'numpy'", name="numpy")) is None
    assert lacking(ValueError("torch")) is None


def imported(file):
    """Packages that a source file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_every_package_that_is_imported_is_a_dependency_or_of_an_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = [*project["dependencies"], *(need for extra in project["optional-dependencies"].values() for need in extra)]
    declared = {re.split(r"[\[<>=]", need)[0].lower().replace("-", "_") for need in needs}
    other_names = {"PIL": "pillow", "yaml": "pyyaml", "serial": "pyserial", "cocotb_tools": "cocotb"}
    other_names |= {"google": "onnx", "pydantic_core": "pydantic", "markupsafe": "jinja2"}  # which need these
    found = {name for file in (ROOT / "codesign").rglob("*.py") for name in imported(file)}
    outside = {name for name in found if name not in sys.stdlib_module_names and find_spec(name) is not None}
    assert {name for name in outside if other_names.get(name, name) not in declared | {"codesign"}} == set()


PIP = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in *--index-url*) exit {reached};; esac
"""
VENV = """#!/bin/sh
mkdir -p "$3/bin" && cp "{folder}/pip" "$3/bin/pip"
"""


@pytest.mark.parametrize(
    ("gpu", "reached", "asked"),
    [
        (False, True, ["torch==2.13.0 from the CPU index"]),
        (False, False, ["torch==2.13.0 from the CPU index", "torch==2.13.0"]),
        (True, True, ["torch==2.13.0"]),
    ],
    ids=["no GPU", "no GPU, index out of reach", "GPU"],
)
def test_make_takes_the_build_of_pytorch_that_suits_the_machine(gpu, reached, asked, tmp_path):
    log = tmp_path / "log"
    programs = {
        "pip": PIP.format(log=log, reached=int(not reached)),
        "python": VENV.format(folder=tmp_path),
        "nvidia-smi": f"#!/bin/sh\nexit {int(not gpu)}\n",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {"PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]])}
    command = ["make", "--silent", ".venv/.ready", f"PYTHON={tmp_path / 'python'}"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    calls = [line for line in log.read_text().splitlines() if "torch" in line]
    index = re.compile(r".*--index-url https://download.pytorch.org/whl/cpu (torch\S+)$")
    found = [index.sub(r"\1 from the CPU index", call).removeprefix("install --quiet --no-compile ") for call in calls]
    assert found == asked
