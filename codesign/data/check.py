"""Looks through one's own pictures before anything is trained on them: all splits, every picture and every object."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from codesign.data.findings import COPIES, DAMAGED, Finding, in_order, refuse, told
from codesign.data.folders import given_folder
from codesign.data.formats import Entry
from codesign.data.formats import read as read_listing
from codesign.data.own import Parted, part, placed_on, rules_of
from codesign.data.pictures import PICTURE_BYTES, decoded
from codesign.data.placing import Placed, Rules
from codesign.errors import DataError
from codesign.plugins import load
from codesign.progress import Progress, silent
from codesign.reading import read_bytes
from codesign.recipe import PICTURES, Data, Recipe

WHAT = "pictures checked"
THREADS = min(16, os.cpu_count() or 1)
"""Pillow decodes without Python's lock, and a process that has loaded PyTorch must not be forked."""


@dataclass(frozen=True, eq=False)
class Looked:
    """What a picture is: shown, its (width, height), and its objects; both None if it cannot be read."""

    entry: Entry
    shown: tuple[int, int] | None
    placed: Placed | None
    digest: bytes = b""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class Checked:
    """A set that was looked through: by role (trained, measured, or another split's name), and all findings."""

    parted: Parted
    pictures: dict[str, list[Looked]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def summary(self) -> list[str]:
        """Lines that say what the set holds."""
        listing = self.parted.listing
        title = load("codesign.data.formats", listing.format).TITLE
        lines = [f"{listing.root}: {title}, {len(listing.classes)} classes"]
        for name, pictures in self.pictures.items():
            counts = Counter(label for one in pictures for label in one.entry.names)
            classes = ", ".join(f"{label} {counts[label]:,}" for label in listing.classes)
            lines.append(f"{name}: {len(pictures):,} pictures, {sum(counts.values()):,} objects ({classes})")
        return lines

    @property
    def report(self) -> list[str]:
        """Lines that say what the set holds and what is odd about it, worst first."""
        return [*self.summary, *told(self.findings)]


def check_recipe(recipe: Recipe, progress: Progress = silent) -> Checked | None:
    """Looks through the pictures that a recipe names; None if they are not the user's own.

    Raises DataError, whose details list all that is refused, worst first.
    """
    if recipe.data.set != PICTURES:
        return None
    checked = check(recipe.data, recipe.task, recipe.model.classes, progress)
    refuse(checked.findings, str(recipe.data.path))
    return checked


def check(data: Data, task: str, classes: Sequence[str] | None = None, progress: Progress = silent) -> Checked:
    """Looks through a folder's pictures, and tells all that is odd; classes: the recipe's, else the folder's own.

    progress: called with (`WHAT`, done, in all). Raises DataError if the folder is in no known format.
    """
    parted = part(read_listing(given_folder(data, "the folder of your pictures"), task, data.format), data)
    rules = rules_of(data, parted.listing.classes if classes is None else classes)
    first, second = parted.names
    roles = {
        f"{first or 'part'} (trained on)": parted.trained,
        f"{second or 'part'} (measured on)": parted.measured,
        **parted.others,
    }
    entries = [entry for some in roles.values() for entry in some]
    looked = iter(_looked_at(entries, rules, progress))
    pictures = {role: [next(looked) for _ in some] for role, some in roles.items()}
    every = [one for some in pictures.values() for one in some]
    findings = [*parted.listing.findings, *parted.findings, *(f for one in every for f in one.findings)]
    return Checked(parted, pictures, in_order([*findings, *_copies(every)]))


def _looked_at(entries: Sequence[Entry], rules: Rules, progress: Progress) -> list[Looked]:
    found = []
    progress(WHAT, 0, len(entries))
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for done, one in enumerate(pool.map(lambda entry: _look(entry, rules), entries), start=1):
                found.append(one)
                progress(WHAT, done, len(entries))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


def _look(entry: Entry, rules: Rules) -> Looked:
    try:
        content = read_bytes(entry.file, DataError, limit=PICTURE_BYTES)
        picture = decoded(content, entry.file)
    except FileNotFoundError:
        return Looked(entry, None, None, findings=(Finding(DAMAGED, str(entry.file), "image is missing"),))
    except DataError as error:
        return Looked(entry, None, None, findings=(Finding(DAMAGED, error.where, error.what),))
    placed = placed_on(entry, picture, rules)
    digest = hashlib.blake2b(content, digest_size=16).digest()
    return Looked(entry, picture.shown, placed, digest, placed.findings)


def _copies(looked: Sequence[Looked]) -> list[Finding]:
    """Pictures of the same bytes in several files."""
    first: dict[bytes, Entry] = {}
    found = []
    for one in looked:
        other = first.setdefault(one.digest, one.entry) if one.digest else one.entry
        if other.file != one.entry.file:
            found.append(Finding(COPIES, one.entry.source, f"{one.entry.file.name} is {other.file.name} again"))
    return found


def sizes(checked: Checked) -> np.ndarray:
    """(n, 5) of the objects that count: width and height of the object, those of its picture, its label."""
    found = [
        np.column_stack([p.boxes[:, 2:] - p.boxes[:, :2], np.broadcast_to(one.shown, (len(p.boxes), 2)), p.labels])[
            ~p.difficult
        ]
        for some in checked.pictures.values()
        for one in some
        if one.shown is not None and (p := one.placed) is not None
    ]
    return np.concatenate(found) if found else np.zeros((0, 5))
