"""A tiny trained run and its build, made once for all test processes."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from codesign.errors import GraphError
from tests import chromium
from tests.made_once import RECIPES, made_once
from tests.shared_cache import *  # noqa: F403

settings.register_profile("codesign", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("codesign")  # a slow machine is no fault


@pytest.fixture(scope="session")
def tiny_run(common_folder, users_cache):
    """A trained run of the smallest recipe with every operator. Read only."""
    from codesign.training import train

    return made_once(common_folder / "run", lambda making: train(RECIPES / "tiny.yaml", making))


@pytest.fixture(scope="session")
def tiny_build(common_folder, tiny_run):
    """Its verified build for the default target, simulators in the cache. Read only; copy it with `build_copy`."""
    from codesign.api.export import export
    from codesign.api.verify import verify

    def make(making):
        export(tiny_run, making)
        verify(making, images=2)

    return made_once(common_folder / "build", make)


@pytest.fixture
def without_qonnx(monkeypatch):
    """Runs get no QONNX file, which PyTorch takes eight seconds to write: for tests of what comes before."""

    def refuse(run):
        raise GraphError("is left out")

    monkeypatch.setattr("codesign.api.train.qonnx_of_run", refuse)


@pytest.fixture
def build_copy(tiny_build, tmp_path):
    """A build to break."""
    return Path(shutil.copytree(tiny_build, tmp_path / "build"))


@pytest.fixture(scope="module")
def browser():
    """A tab of a real browser."""
    if chromium.PROGRAM is None:
        pytest.skip("no Chromium is installed")
    with chromium.tab() as found:
        yield found
