"""`codesign detect`: what a build's back end finds in a user's own pictures, or in what a camera sees."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from codesign.api.evaluate import STAGES
from codesign.build_folder import BuildFolder, open_build
from codesign.data.pictures import VIDEOS, picture_files, read_picture
from codesign.data.video import Frames, Writer
from codesign.errors import BuildError, DataError
from codesign.files import write_text
from codesign.plugins import load
from codesign.progress import Progress, silent
from codesign.reading import MIB
from codesign.reporting.pictures import draw_marks
from codesign.tasks.base import Reading
from codesign.verification.images import as_inputs, check_pixels
from codesign.verification.predict import predictions, reading_of

LISTING, TABLE = "detections.json", "detections.csv"
CORNERS = ("left", "top", "right", "bottom")
PICTURES_AT_A_TIME = 32
BYTES_AT_A_TIME = 128 * MIB
"""No further picture is read once those in memory take so much."""


@dataclass(frozen=True)
class Detected:
    """What was found in a picture: as `detections.json` lists it, and how many marks were drawn.

    problem: why it could not be looked at; empty for those that were. frame: its number, from 0, in a video.
    """

    file: Path
    found: tuple[dict[str, object], ...] = ()
    drawn: int = 0
    problem: str = ""
    frame: int | None = None


def detect(
    build: str | Path | BuildFolder,
    source: str | Path,
    out: str | Path,
    *,
    backend: str = "graph",
    score: float | None = None,
    changed: bool = False,
    progress: Progress = silent,
) -> tuple[Detected, ...]:
    """Writes the pictures of `source`, boxes drawn, and `detections.json` and `.csv` to the folder `out`.

    source: a picture, a folder of pictures, a video, or the number of a camera; each is fitted into the network's input
    as in training, and what is found is told in the picture's own pixels. A picture that cannot be read is passed over,
    and told by its `problem`. A video is written again with what was found drawn; a camera's goes on until Ctrl-C, and
    what it has seen until then is kept. backend: torch, graph, onnx, hls or rtl. score: list and draw what is at least
    so likely; else all is listed, and boxes are drawn from 0.3 on. changed: as for `open_build`. Raises DataError if
    nothing can be read, ToolError for videos without OpenCV, and a CodesignError as the back end does.
    """
    if backend not in STAGES:
        raise BuildError(f"unknown back end '{backend}'", remedy=f"known: {', '.join(STAGES)}")
    folder = open_build(build, changed=changed)
    check_pixels(folder)
    work = _Work(folder, reading_of(folder), Path(out), backend, score, progress)
    if (str(source).isdecimal() and not Path(source).exists()) or Path(source).suffix.lower() in VIDEOS:
        results = _of_frames(work, source)
    else:
        results = _of_pictures(work, Path(source))
    _write_listing(work, results)
    return tuple(results)


@dataclass(frozen=True)
class _Work:
    build: BuildFolder
    reading: Reading
    out: Path
    backend: str
    score: float | None
    progress: Progress

    def look(self, pictures: Sequence[np.ndarray]) -> Iterator[tuple[tuple[dict[str, object], ...], int, Image.Image]]:
        """For every picture (3, H, W): what is listed, how many marks are drawn, and the picture with them."""
        task, classes = load("codesign.tasks", self.reading.task), self.reading.classes
        images, fits = as_inputs(self.build, pictures)
        found = predictions(self.build, STAGES[self.backend], images, self.progress)
        for picture, fit, one in zip(pictures, fits, found, strict=True):
            own = task.in_picture(one, fit)
            shown = {"score": self.score} if self.score is not None else {}
            marks = task.marks(own, classes, fit.picture, **shown)
            drawn = draw_marks(Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))), marks)
            yield tuple(task.listing(own, classes, self.score or 0.0)), len(marks), drawn


def _of_pictures(work: _Work, source: Path) -> list[Detected]:
    files = picture_files(source)
    if any((work.out / file.name).resolve() == file.resolve() for file in files):
        raise DataError("would be written over", where=str(files[0].parent), remedy="give another folder to --out")
    results: list[Detected] = []
    problems: dict[Path, DataError] = {}
    for some in _read(files, problems):
        work.out.mkdir(parents=True, exist_ok=True)
        for file, (found, marks, drawn) in zip(some, work.look(list(some.values())), strict=True):
            drawn.save(work.out / file.name, quality=95)
            results.append(Detected(file, found, marks))
    if not results:
        raise next(iter(problems.values()))
    unread = [Detected(file, problem=str(error)) for file, error in problems.items()]
    return sorted([*results, *unread], key=lambda result: files.index(result.file))


def _read(files: Sequence[Path], problems: dict[Path, DataError]) -> Iterator[dict[Path, np.ndarray]]:
    """The pictures that can be read, some at a time: as many as are held in memory at once, one at least.

    Those that cannot are put into `problems`.
    """
    some: dict[Path, np.ndarray] = {}
    for file in files:
        try:
            some[file] = read_picture(file)
        except DataError as error:
            problems[file] = error
            continue
        if len(some) == PICTURES_AT_A_TIME or sum(picture.nbytes for picture in some.values()) >= BYTES_AT_A_TIME:
            yield some
            some = {}
    if some:
        yield some


def _of_frames(work: _Work, source: str | Path) -> list[Detected]:
    """A video's frames one after another; Ctrl-C ends a camera's."""
    results: list[Detected] = []
    name = Path(f"camera-{source}" if str(source).isdecimal() else Path(source).name)
    with ExitStack() as stack:
        frames = stack.enter_context(Frames(source))
        target = work.out / name.with_suffix(".mp4").name
        if target.resolve() == Path(source).resolve():
            raise DataError("would be written over", where=str(source), remedy="give another folder to --out")
        work.out.mkdir(parents=True, exist_ok=True)
        writer = stack.enter_context(Writer(target, frames.per_second))
        try:
            for number, picture in enumerate(frames):
                ((found, marks, drawn),) = work.look([picture])
                writer.write(np.asarray(drawn))
                results.append(Detected(name, found, marks, frame=number))
        except KeyboardInterrupt:
            if not frames.is_live:
                raise
    return results


def _write_listing(work: _Work, results: Sequence[Detected]) -> None:
    listing = {
        "build": str(work.build.path),
        "network": work.build.graph.name,
        "backend": work.backend,
        "pictures": [_entry(result) for result in results],
    }
    write_text(work.out / LISTING, json.dumps(listing, indent=1, ensure_ascii=False) + "\n")
    write_text(work.out / TABLE, _table(results))


def _entry(result: Detected) -> dict[str, Any]:
    frame = {} if result.frame is None else {"frame": result.frame}
    problem = {"problem": result.problem} if result.problem else {}
    return {"file": str(result.file), **frame, "found": result.found, **problem}


def _table(results: Sequence[Detected]) -> str:
    """A row for everything found; the corners of its box are columns of their own."""
    rows = [
        {"file": str(result.file), **({} if result.frame is None else {"frame": result.frame}), **_columns(found)}
        for result in results
        for found in result.found
    ]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]) if rows else ["file", "class"], lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _columns(found: dict[str, object]) -> dict[str, object]:
    box = found.get("box")
    corners = dict(zip(CORNERS, box, strict=True)) if isinstance(box, list) else {}
    return {key: value for key, value in found.items() if key != "box"} | corners
