"""CSV: tables of pictures and what they show, for detectors and classifiers alike.

    filename,width,height,class,xmin,ymin,xmax,ymax    an object a line, as Roboflow and TensorFlow write it, columns in
                                                       any order, the size left out or not
    path,x1,y1,x2,y2,class                             without a header
    filename,label                                     a picture a line, with or without a header

A column `split` tells train, val and test; else the table's name or folder does (`train_labels.csv`,
`train/_annotations.csv`). Lines of a picture without box and class say that it shows nothing. Corners are counted from
0 and the end is excluded. Commas, semicolons and tabulators part columns.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.data.findings import NO_BOX, OTHER_SIZE, TWICE, UNKNOWN_CLASS, UNREAD, Finding
from codesign.data.formats.base import (
    LONGEST_SHOWN,
    SPLIT_NAMES,
    WHOLE,
    Entry,
    Listing,
    Pictures,
    below,
    short,
    size_of,
    split_in,
    split_of,
    text_of,
)
from codesign.data.pictures import SUFFIXES
from codesign.errors import DataError

TASKS = ("classification", "detection")
TITLE = "CSV"

COLUMNS = {
    "file": ("filename", "file_name", "file", "image", "image_path", "image_name", "path", "filepath", "img", "name"),
    "class": ("class", "label", "category", "class_name", "classname", "label_name", "target"),
    "width": ("width", "image_width", "img_width"),
    "height": ("height", "image_height", "img_height"),
    "x0": ("xmin", "x_min", "x1", "x0", "left"),
    "y0": ("ymin", "y_min", "y1", "y0", "top"),
    "x1": ("xmax", "x_max", "x2", "right"),
    "y1": ("ymax", "y_max", "y2", "bottom"),
    "split": ("split", "set", "subset", "partition"),
}
"""What columns are called, in any case."""
CORNERS = ("x0", "y0", "x1", "y1")
HEADLESS = {
    2: ("file", "class"),
    6: ("file", *CORNERS, "class"),
    8: ("file", "width", "height", "class", *CORNERS),
}
"""Columns of tables without a header, by their number."""
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class _Table:
    """file: where it lies. columns: what they mean. rows: their values by column; first: number of the first line."""

    file: Path
    columns: tuple[str | None, ...]
    rows: list[list[str]]
    first: int

    def cells(self, row: Sequence[str]) -> dict[str, str]:
        """The values of a row whose meaning is known."""
        return {name: value.strip() for name, value in zip(self.columns, row, strict=False) if name}


def is_here(path: Path, task: str) -> bool:
    """Whether a folder holds a table for the task, or is one."""
    return bool(_tables(path, task)[0])


def read(path: Path, task: str) -> Listing:
    """All splits of the tables for the task. Raises DataError if there is none."""
    tables, others = _tables(path, task)
    if not tables:
        raise DataError("holds no table of pictures", where=str(path), remedy="its first line names its columns")
    listing, pictures = Listing("csv", path), Pictures(path)
    listing.findings += [Finding(UNREAD, short(file, path)) for file in others]
    for table in tables:
        (_add_objects if task == "detection" else _add_classes)(listing, table, pictures)
    return listing.complete(pictures)


def _tables(path: Path, task: str) -> tuple[list[_Table], list[Path]]:
    """Tables of a task, and other files that are none."""
    tables, others = [], []
    for file in below(path, ".csv", ".tsv") if path.is_dir() else [path]:
        table = _table(file) if file.suffix.lower() in (".csv", ".tsv") else None
        wanted = {"file", "class"} | (set(CORNERS) if task == "detection" else set())
        if table and wanted <= set(table.columns) and (task == "detection") == ("x0" in table.columns):
            tables.append(table)
        else:
            others.append(file)
    return tables, others


def _table(file: Path) -> _Table | None:
    try:
        text = text_of(file)
    except DataError:
        return None
    head = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter)]
    except csv.Error:
        return None
    if not rows or not any(rows):
        return None
    names = [_meaning(cell) for cell in rows[0]]
    if "file" in names and "class" in names:
        return _Table(file, tuple(names), rows[1:], 2)
    columns = HEADLESS.get(len(rows[0]))
    headless = columns and Path(rows[0][0].strip()).suffix.lower() in SUFFIXES
    return _Table(file, columns, rows, 1) if columns and headless else None


def _meaning(cell: str) -> str | None:
    word = cell.strip().lower().replace(" ", "_").replace("-", "_")
    return next((meaning for meaning, words in COLUMNS.items() if word in words), None)


def _split(cells: dict[str, str], file: Path, root: Path) -> str:
    told = cells.get("split", "").lower()
    return SPLIT_NAMES.get(told) or split_of(file.stem) or split_in(file.parent, root) or WHOLE


def _lines(listing: Listing, table: _Table, pictures: Pictures) -> list[tuple[str, str, Path, dict[str, str]]]:
    """(where, split, picture, cells) of every line whose picture is found."""
    found = []
    for number, row in enumerate(table.rows, start=table.first):
        if not any(cell.strip() for cell in row):
            continue
        where, cells = f"{short(table.file, listing.root)}:{number}", table.cells(row)
        if len(row) < len(table.columns):
            listing.findings.append(Finding(NO_BOX, where, f"has {len(row)} of {len(table.columns)} columns"))
            continue
        split = _split(cells, table.file, pictures.root)
        picture = pictures.one(cells["file"], table.file, split, where)
        if isinstance(picture, Finding):
            listing.findings.append(picture)
        else:
            found.append((where, split, picture, cells))
    return found


def _add_classes(listing: Listing, table: _Table, pictures: Pictures) -> None:
    labelled: dict[tuple[str, Path], str] = {}
    for where, split, picture, cells in _lines(listing, table, pictures):
        if not cells["class"]:
            listing.findings.append(Finding(UNKNOWN_CLASS, where, "names no class"))
        elif (split, picture) in labelled:
            listing.findings.append(Finding(TWICE, where, f"and {labelled[split, picture]} name one picture"))
        else:
            labelled[split, picture] = where
            listing.add(split, Entry(picture, where, (cells["class"],)))


def _add_objects(listing: Listing, table: _Table, pictures: Pictures) -> None:
    lines: dict[tuple[str, Path], list[tuple[str, dict[str, str]]]] = {}
    for where, split, picture, cells in _lines(listing, table, pictures):
        lines.setdefault((split, picture), []).append((where, cells))
    for (split, picture), objects in lines.items():
        listing.add(split, _entry(listing, picture, objects))


def _entry(listing: Listing, picture: Path, objects: list[tuple[str, dict[str, str]]]) -> Entry:
    names, boxes = [], []
    sizes = {size for _, cells in objects if (size := size_of(cells.get("width"), cells.get("height")))}
    for where, cells in objects:
        if not any(cells[corner] for corner in CORNERS):  # a picture that shows nothing
            if cells["class"]:
                listing.findings.append(Finding(NO_BOX, where, f"a {cells['class'][:LONGEST_SHOWN]} without a box"))
            continue
        try:
            boxes.append([float(cells[corner]) for corner in CORNERS])
        except ValueError:
            listing.findings.append(Finding(NO_BOX, where, "a corner of its box is no number"))
            continue
        names.append(cells["class"])
    where = objects[0][0]
    if len(sizes) > 1:
        listing.findings.append(Finding(OTHER_SIZE, where, f"{picture.name} is listed with several sizes"))
    size = sizes.pop() if len(sizes) == 1 else None
    return Entry(picture, where, tuple(names), np.array(boxes, np.float64).reshape(-1, 4), size=size)
