"""Foldings of the blocks that only move or map channels: `lanes` channels a cycle, in and out."""

from __future__ import annotations

from codesign.cost.base import Folding, Lanes, beats


def lane_counts(channels: int) -> tuple[int, ...]:
    """Fewest lanes for each number of beats a pixel: more lanes than that change nothing."""
    return tuple(sorted({beats(channels, count) for count in range(1, channels + 1)}))


def foldings(counts: tuple[int, ...]) -> tuple[Folding, ...]:
    """`lanes` is the folding's `pe` and `simd` alike."""
    return tuple(Folding(count, count) for count in counts)


def uniform(folding: Folding, inputs: int = 1, outputs: int = 1) -> Lanes:
    """The same lanes at every port."""
    return Lanes((folding.pe,) * inputs, (folding.pe,) * outputs)
