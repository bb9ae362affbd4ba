"""How many processes read images while a network computes."""

import os

from codesign.data.dataset import SampleSet

MOST_WORKERS = 8
"""More wait for one another's disk."""
WORTH_WORKERS = 2**24
"""Pixels of an epoch whose augmentation takes longer than starting processes for it."""


def workers_for(dataset: SampleSet, *, augmented: bool, processes: int = 1, asked: int | None = None) -> int:
    """Processes beside each of so many training processes: as asked, else so that all CPUs are used.

    None for sets that lie in memory and need little work, and where there is but one CPU for each training process.
    """
    if asked is not None:
        return asked
    height, width = dataset.size
    if dataset.cached and not (augmented and len(dataset) * height * width >= WORTH_WORKERS):
        return 0
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_WORKERS, available // processes) if available > processes else 0
