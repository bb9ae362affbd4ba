"""Chooses each block's parallelism and each stream's FIFO for a target."""

from codesign.schedule.edges import Edge, edges
from codesign.schedule.record import Fifo, Resources, Schedule
from codesign.schedule.search import schedule

__all__ = ["Edge", "Fifo", "Resources", "Schedule", "edges", "schedule"]
