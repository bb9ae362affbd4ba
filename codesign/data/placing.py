"""Lays the boxes of an annotation on the picture that was read.

Boxes lie on the picture as it is shown or as it is stored, whichever the annotation's own size tells of. Where it tells
neither (it gives no size, or the picture is turned by half or mirrored, or square), as it is shown: that is what
annotators saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.data.findings import (
    CLIPPED,
    EMPTY,
    GONE,
    MANY,
    NO_BOX,
    OTHER_SIZE,
    OUTSIDE,
    REPEATED,
    UNKNOWN_CLASS,
    Finding,
)
from codesign.data.formats.base import LONGEST_SHOWN, Entry
from codesign.data.sample import MOST_OBJECTS

Size = tuple[int, int]
"""(width, height)."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Objects as `codesign.data.sample.Sample` has them, and what is odd about them."""

    boxes: np.ndarray
    labels: np.ndarray
    difficult: np.ndarray
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Rules:
    """labels: of the classes, by name. clip: boxes are clipped to their picture, not refused."""

    labels: dict[str, int]
    clip: bool = False


def place(entry: Entry, shown: Size, stored: Size, orientation: int, rules: Rules) -> Placed:
    """The objects of an entry on its picture, which is of `shown` pixels, of `stored` in its file."""
    findings: list[Finding] = []
    if entry.boxes is None:
        labels = _labels(entry, np.arange(1), rules, findings)
        return Placed(np.array([[0, 0, *shown]], np.float32), labels, np.zeros(1, bool), tuple(findings))
    boxes, turned = entry.boxes.astype(np.float64), orientation
    if len(boxes) > MOST_OBJECTS:
        findings.append(Finding(MANY, entry.source, f"{len(boxes):,} objects are more than {MOST_OBJECTS:,}"))
        boxes = boxes[:MOST_OBJECTS]
    if entry.relative:
        boxes, turned = boxes * np.array([*shown, *shown]), 1
    elif entry.size in (None, shown):
        turned = 1
    elif entry.size != stored:
        findings.append(Finding(OTHER_SIZE, entry.source, _sizes(entry, shown)))
        turned = 1
    boxes[:, :2] -= entry.origin
    boxes = upright(boxes, stored, turned)
    kept = _checked(entry, boxes, shown, rules, findings)
    bounds = np.array([*shown, *shown])
    boxes = boxes[kept].clip(0, bounds)
    difficult = (boxes[:, 2:] <= boxes[:, :2]).any(1)
    findings += [Finding(EMPTY, entry.source, _told(entry, index)) for index in kept[difficult]]
    if entry.difficult is not None:
        difficult = difficult | entry.difficult[kept]
    labels = _labels(entry, kept, rules, findings)
    return Placed(boxes.astype(np.float32), labels, difficult, tuple(findings))


def upright(boxes: np.ndarray, stored: Size, orientation: int) -> np.ndarray:
    """Boxes (n, 4) on a stored picture, where they lie once it is turned and mirrored as Exif's orientation says."""
    width, height = stored
    x0, y0, x1, y1 = boxes.T
    turned = {
        1: (x0, y0, x1, y1),
        2: (width - x1, y0, width - x0, y1),
        3: (width - x1, height - y1, width - x0, height - y0),
        4: (x0, height - y1, x1, height - y0),
        5: (y0, x0, y1, x1),
        6: (height - y1, x0, height - y0, x1),
        7: (height - y1, width - x1, height - y0, width - x0),
        8: (y0, width - x1, y1, width - x0),
    }
    return np.stack(turned[orientation], 1)


def _checked(entry: Entry, boxes: np.ndarray, shown: Size, rules: Rules, findings: list[Finding]) -> np.ndarray:
    """Indices of the boxes that stay."""
    bounds = np.array([*shown, *shown])
    known = np.isfinite(boxes).all(1)
    straight = known & (boxes[:, 2:] >= boxes[:, :2]).all(1)
    findings += [
        Finding(NO_BOX, entry.source, f"{_told(entry, i)}: its first corner must be the upper left one")
        for i in np.flatnonzero(~straight).tolist()
    ]
    inside: np.ndarray = np.all((boxes >= -entry.slack) & (boxes <= bounds + entry.slack), axis=1)
    touching: np.ndarray = np.all((boxes[:, 2:] > 0) & (boxes[:, :2] < bounds[:2]), axis=1)
    for index in np.flatnonzero(straight & ~inside).tolist():
        kind = (CLIPPED if touching[index] else GONE) if rules.clip else OUTSIDE
        picture = f"{entry.file.name} of {shown[0]} x {shown[1]} pixels"
        findings.append(Finding(kind, entry.source, f"{_told(entry, index)} lies outside its image {picture}"))
    rows: dict[tuple[str | float, ...], int] = {}
    for index in np.flatnonzero(straight).tolist():
        if rows.setdefault((entry.names[index], *boxes[index]), index) != index:
            findings.append(Finding(REPEATED, entry.source, _told(entry, index)))
    found: np.ndarray = np.flatnonzero(straight & (inside | touching))
    return found


def _labels(entry: Entry, kept: np.ndarray, rules: Rules, findings: list[Finding]) -> np.ndarray:
    """(n,) int64; -1 for what is of no known class."""
    names = [entry.names[index] for index in kept]
    findings += [
        Finding(UNKNOWN_CLASS, entry.source, f"object of unknown class '{name[:LONGEST_SHOWN]}'")
        for name in names
        if name not in rules.labels
    ]
    return np.array([rules.labels.get(name, -1) for name in names], np.int64)


def _told(entry: Entry, index: int) -> str:
    """A box as its annotation has it."""
    assert entry.boxes is not None
    numbers = ", ".join(f"{value:g}" for value in entry.boxes[index])
    return f"box ({numbers}) of '{entry.names[index][:LONGEST_SHOWN]}'"


def _sizes(entry: Entry, shown: Size) -> str:
    assert entry.size is not None
    width, height = entry.size
    return f"is of {shown[0]} x {shown[1]} pixels, listed with {width:g} x {height:g}: {entry.file.name}"
