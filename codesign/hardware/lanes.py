"""Foldings of the blocks that only move or map channels: `lanes` channels a cycle, in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import gcd

from codesign.hardware.folding import MOST_LANES, Folding, Lanes, beats


def lane_counts(channels: int) -> tuple[int, ...]:
    """Fewest lanes for each number of beats a pixel, up to `MOST_LANES`: more lanes than that change nothing."""
    return tuple(sorted({beats(channels, beats(channels, count)) for count in range(1, min(channels, MOST_LANES) + 1)}))


def foldings(counts: tuple[int, ...]) -> tuple[Folding, ...]:
    """`lanes` is the folding's `pe` and `simd` alike."""
    return tuple(Folding(count, count) for count in counts)


def placed(found: tuple[Folding, ...], in_block: Callable[[Folding], bool]) -> tuple[Folding, ...]:
    """With a variant whose buffer is in LUTs for each that has it in block RAM."""
    return found + tuple(replace(folding, buffer="lut") for folding in found if in_block(folding))


def tables_placed(found: tuple[Folding, ...], in_block: Callable[[Folding], bool]) -> tuple[Folding, ...]:
    """With a variant whose tables are in LUTs for each that has some in block RAM."""
    return found + tuple(replace(folding, weights="lut") for folding in found if in_block(folding))


def buffered(written: int, read: int, *, in_bursts: bool) -> int:
    """Lanes of the FIFO between a writer and a reader: the writer's, for it stands before the adapter of lanes.

    A join that reads an input in bursts (`dependence.in_bursts`) would wait for an adapter that gathers beats slower
    than it reads: there the FIFO stands behind it and fills between the bursts.
    """
    return read if in_bursts and gcd(written, read) < read else written


def uniform(folding: Folding, inputs: int = 1, outputs: int = 1) -> Lanes:
    """The same lanes at every port."""
    return Lanes((folding.pe,) * inputs, (folding.pe,) * outputs)
