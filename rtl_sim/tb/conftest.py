"""Options of the RTL benches."""

from pathlib import Path

import pytest

from codesign import bench
from tests.shared_cache import *  # noqa: F403

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--waves", action="store_true", help="keep an FST waveform of every RTL simulation")


def pytest_configure(config: pytest.Config) -> None:
    bench.WAVES = config.getoption("--waves")
    bench.BUILDS = HERE / "sim_build"
    bench.MODULES = (HERE,)
