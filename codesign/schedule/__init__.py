"""Chooses each block's parallelism and each stream's FIFO for a target."""

from codesign.schedule.edges import Edge, edges
from codesign.schedule.record import Resources, Schedule
from codesign.schedule.search import schedule

__all__ = ["Edge", "Resources", "Schedule", "edges", "schedule"]
