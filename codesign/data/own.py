"""One's own pictures, in a folder of any of `codesign.data.formats`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.data.findings import (
    BACKGROUND,
    DRAWN,
    MANY,
    NO_BOX,
    NO_EXAMPLES,
    NO_OBJECTS,
    NO_PICTURES,
    NO_TRAINING,
    SHARED,
    UNKNOWN_CLASS,
    UNUSED,
    Finding,
    in_order,
    refuse,
)
from codesign.data.folders import given_folder
from codesign.data.formats import Entry, Listing
from codesign.data.formats import read as read_listing
from codesign.data.formats.base import WHOLE
from codesign.data.pictures import Picture, open_picture
from codesign.data.placing import Placed, Rules, place
from codesign.data.sample import Sample, Split
from codesign.recipe import Data

SIZE_UNKNOWN = (2**20, 2**20)
TOLD_WITHOUT_SIZE = (UNKNOWN_CLASS, NO_BOX, MANY)
"""Kinds of findings that do not depend on the picture's size."""


@dataclass(frozen=True, eq=False)
class Parted:
    """A listing parted into what is trained on, what is measured on, and what else it holds.

    names: of the first two as the set has them, empty if they were drawn from one.
    """

    listing: Listing
    trained: list[Entry]
    measured: list[Entry]
    others: dict[str, list[Entry]]
    names: tuple[str, str]
    findings: list[Finding]


class OwnPictures:
    """Samples of entries. Each picture is opened when it is asked for.

    Raises DataError for a picture that cannot be read, or whose objects are refused.
    """

    def __init__(self, entries: Sequence[Entry], rules: Rules) -> None:
        self.entries = entries
        self.rules = rules

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Sample:
        entry = self.entries[index]
        picture = open_picture(entry.file)
        placed = placed_on(entry, picture, self.rules)
        refuse(placed.findings, entry.source)
        return Sample(entry.file.stem, picture.image, placed.boxes, placed.labels, placed.difficult)


def placed_on(entry: Entry, picture: Picture, rules: Rules) -> Placed:
    """The objects of an entry on its picture."""
    return place(entry, picture.shown, picture.stored, picture.orientation, rules)


def rules_of(data: Data, classes: Sequence[str]) -> Rules:
    """How the recipe wants annotations read."""
    return Rules({name: label for label, name in enumerate(classes)}, data.boxes == "clip")


def read(data: Data, task: str, split: Split, classes: Sequence[str]) -> OwnPictures:
    """The pictures of a split. All that annotations alone can tell is checked for both splits.

    Raises DataError, whose details list all that is refused.
    """
    path, rules = given_folder(data, "the folder of your pictures"), rules_of(data, classes)
    parted = part(read_listing(path, task, data.format), data)
    used = [*parted.trained, *parted.measured]
    findings = [*parted.listing.findings, *parted.findings, *annotated(used, rules)]
    refuse([f for f in findings if f.kind is not NO_TRAINING or split == "trainval"], str(path))
    return OwnPictures(parted.trained if split == "trainval" else parted.measured, rules)


def annotated(entries: Sequence[Entry], rules: Rules) -> list[Finding]:
    """What is odd in annotations, as far as the sizes that they give and the names of classes tell."""
    found: list[Finding] = []
    for entry in entries:
        width, height = map(round, entry.size or SIZE_UNKNOWN)
        placed = place(entry, (width, height), (width, height), 1, rules)
        found += [f for f in placed.findings if entry.size is not None or f.kind in TOLD_WITHOUT_SIZE]
    return found


def part(listing: Listing, data: Data) -> Parted:
    """Trains on `train` and measures on `val`, or on `test` where there is no `val`; as the VOC has it, on `trainval`
    and `test` where there are both. Where there is one split only, a share of it is drawn by chance to be measured on.
    """
    splits = listing.splits
    trained, measured = _names(splits)
    first: list[Entry] = []
    second: list[Entry] = [] if measured is None else splits[measured]
    findings: list[Finding] = []
    if trained is None:
        told = f"has no split to train on, only {', '.join(splits) or 'none'}"
        findings.append(Finding(NO_TRAINING, str(listing.root), told))
    elif measured is None:
        first, second = drawn(splits[trained], data.split, data.seed)
        told = f"{len(second):,} of {len(splits[trained]):,} pictures are measured on"
        findings.append(Finding(DRAWN, str(listing.root), told))
    else:
        first = splits[trained]
    kept = {trained, measured} | ({"train", "val"} if trained == "trainval" else set())
    others = {name: entries for name, entries in splits.items() if name not in kept}
    findings += [Finding(UNUSED, name, f"{len(entries):,} pictures") for name, entries in others.items()]
    names = (trained or WHOLE, measured) if measured is not None else (WHOLE, WHOLE)
    if not any(finding.kind.fatal for finding in listing.findings):  # which may be why there is nothing
        findings += [] if trained is None else _empty(names[0] or "what is trained on", first, listing.root)
        findings += _empty(names[1] or "what is measured on", second, listing.root)
    findings += [] if trained is None else _untrained(first, listing)
    findings += _shared(first, second)
    return Parted(listing, first, second, others, names, in_order(findings))


def _names(splits: dict[str, list[Entry]]) -> tuple[str | None, str | None]:
    """Names of what is trained on and measured on; None if there is no such split."""
    if "trainval" in splits and "test" in splits:
        return "trainval", "test"
    trained = next((name for name in ("train", "trainval", WHOLE) if name in splits), None)
    return trained, next((name for name in ("val", "test") if name in splits), None)


def drawn(entries: Sequence[Entry], share: float, seed: int) -> tuple[list[Entry], list[Entry]]:
    """What is left, and a share drawn by chance; of pictures of one class each, the same share of every class."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups["" if entry.boxes is not None else entry.names[0]].append(entry)
    rng, chosen = np.random.default_rng(seed), set()
    for name in sorted(groups):
        group = groups[name]
        count = min(max(round(len(group) * share), 1), len(group) - 1)
        chosen |= {id(group[index]) for index in rng.permutation(len(group))[:count]}
    return [e for e in entries if id(e) not in chosen], [e for e in entries if id(e) in chosen]


def _empty(split: str, entries: Sequence[Entry], root: Path) -> list[Finding]:
    if not entries:
        return [Finding(NO_PICTURES, str(root), f"{split} lists no image")]
    without = [entry for entry in entries if not entry.names]
    if len(without) == len(entries):
        return [Finding(NO_OBJECTS, str(root), f"{split} has no object in {len(entries):,} pictures")]
    return [Finding(BACKGROUND, entry.source, entry.file.name) for entry in without]


def _shared(first: Sequence[Entry], second: Sequence[Entry]) -> list[Finding]:
    files = {entry.file for entry in first}
    return [Finding(SHARED, entry.source, entry.file.name) for entry in second if entry.file in files]


def _untrained(entries: Sequence[Entry], listing: Listing) -> list[Finding]:
    named = {name for entry in entries for name in entry.names}
    missing = [name for name in listing.classes if name not in named]
    return [Finding(NO_EXAMPLES, name, "in no picture of what is trained on") for name in missing]
