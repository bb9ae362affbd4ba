"""A tiny trained run and its build, made once for all test processes."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import chromium
from tests.made_once import RECIPES, made_once

settings.register_profile("codesign", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("codesign")  # a slow machine is no fault


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory):
    """One folder for the whole test run, whichever worker asks."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "common"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def cache_folder(common_folder):
    """Datasets, builds and simulators that commands put into the user's cache."""
    return common_folder / "cache"


@pytest.fixture(scope="session", autouse=True)
def users_cache(cache_folder):
    """No test touches the cache of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESIGN_CACHE", str(cache_folder))
        patch.setenv("CODESIGN_OBJECTS", str(cache_folder / "objects"))  # for tests with a cache of their own, too
        yield cache_folder


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
