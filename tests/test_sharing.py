"""Adder graphs of binary matrices: exact for all weights and ways of slicing, no deeper than asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import GraphError, ScheduleError
from codesign.schedule.adder_graph import Add, Count, Step
from codesign.schedule.popcount import Builder, columns_of
from codesign.schedule.sharing import Bit, Plan, build, offset, prices, shared_graph, step_price, step_sizes
from codesign.schedule.slices import even_slices, exchanged, total_cost
from tests.test_mst import binary_weights


def half_products(weight: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """(y - e) / 2 for y = sum of w x."""
    return ((2 * bits - 1) @ weight.T - weight.shape[1] % 2) // 2
