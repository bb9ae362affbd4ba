"""Chooses each block's parallelism and each stream's FIFO for a target."""

from codesign.cost.block import Resources
from codesign.schedule.edges import Edge, edges
from codesign.schedule.record import Fifo, Schedule
from codesign.schedule.search import schedule

__all__ = ["Edge", "Fifo", "Resources", "Schedule", "edges", "schedule"]
