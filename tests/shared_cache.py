"""Fixtures of all test folders: one cache for the whole test run, and compilers that do not optimize what runs once."""

import os
import shlex
import sys
from pathlib import Path

import pytest

OBJECT_CACHE = Path(__file__).with_name("object_cache.py")
KEPT = Path(__file__).parents[1] / "rtl_sim" / "tb" / "sim_build"
"""Where what is compiled from Verilator's own sources stays from run to run."""


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
        patch.setenv("CODESIGN_OBJECTS", str(KEPT / "objects"))  # for tests with a cache of their own, too
        patch.setenv("CODESIGN_HEADERS", str(KEPT / "headers"))
        patch.setenv("OBJCACHE", shlex.join([sys.executable, "-S", str(OBJECT_CACHE)]).replace("$", "$$"))
        yield cache_folder


@pytest.fixture(scope="session", autouse=True)
def quick_compiler():
    """Networks run for few frames here: g++ would take longer to optimize them than they run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("codesign.emit.rtl.simulate.COMPILER", ("OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1"))
        patch.setattr("codesign.emit.rtl.simulate.ONE_FILE_BYTES", 1 << 30)
        patch.setattr("codesign.emit.hls.run.FLAGS", ("-O0", "-std=c++14", "-w"))
        yield
