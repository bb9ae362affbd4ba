"""A page of pictures with their annotations: whether boxes lie where they should is seen at once."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from codesign.data.check import Checked, Looked
from codesign.data.pictures import read_picture
from codesign.files import write_text
from codesign.reporting.page import environment
from codesign.reporting.pictures import draw_marks
from codesign.tasks.base import Mark, hue

COUNT = 16
LONGEST_SIDE = 480
SEED = 0


def write_samples(checked: Checked, title: str, path: Path, findings: Sequence[str]) -> None:
    """Write the page, self-contained; every class is among its samples if there is room for it."""
    readable = [one for some in checked.pictures.values() for one in some if one.shown and one.placed]
    classes = checked.parted.listing.classes
    text = (
        environment()
        .get_template("samples.html.j2")
        .render(
            title=title,
            report="\n".join([*checked.summary, *findings]),
            samples=[_sample(one, classes) for one in chosen(readable, COUNT)],
            total=f"{len(readable):,}",
        )
    )
    write_text(path, text)


def chosen(pictures: Sequence[Looked], count: int) -> list[Looked]:
    """So many at random, the same for the same set, and first those that show what no other one chosen does."""
    order = [pictures[index] for index in np.random.default_rng(SEED).permutation(len(pictures))]
    seen: set[str] = set()
    first: list[Looked] = []
    others: list[Looked] = []
    for one in order:
        (first if set(one.entry.names) - seen else others).append(one)
        seen |= set(one.entry.names)
    return [*first, *others][:count]


def _sample(one: Looked, classes: Sequence[str]) -> dict[str, str]:
    names = Counter(one.entry.names)
    told = ", ".join(f"{count} {name}" for name, count in names.items()) or "no object"
    image = Image.fromarray(read_picture(one.entry.file).transpose(1, 2, 0))
    factor = min(LONGEST_SIDE / max(image.size), 1.0)
    image = image.resize((max(round(image.width * factor), 1), max(round(image.height * factor), 1)))
    if one.entry.boxes is not None:
        image = draw_marks(image, [mark.scaled(factor, factor) for mark in _marks(one, classes)])
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    jpeg = base64.b64encode(buffer.getvalue()).decode()
    return {"jpeg": jpeg, "alt": told, "caption": f"{one.entry.file.name}: {told}"}


def _marks(one: Looked, classes: Sequence[str]) -> list[Mark]:
    assert one.placed is not None
    return [
        Mark(x0, y0, x1 - x0, y1 - y0, classes[label], hue(int(label), len(classes)))
        for (x0, y0, x1, y1), label in zip(one.placed.boxes.tolist(), one.placed.labels, strict=True)
        if label >= 0
    ]
