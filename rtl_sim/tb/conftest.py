"""Options of the RTL benches."""

import bench
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--waves", action="store_true", help="keep an FST waveform of every RTL simulation")


def pytest_configure(config: pytest.Config) -> None:
    bench.WAVES = config.getoption("--waves")
