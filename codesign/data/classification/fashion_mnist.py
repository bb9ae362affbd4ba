"""Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv 1708.07747): 60,000 + 10,000 grey images of 28 x 28 pixels.

Its four idx files are Debian's package `dataset-fashion-mnist`; a folder of the same files will do, packed or not.
"""

from __future__ import annotations

import gzip
import io
import zlib
from math import prod
from pathlib import Path

import numpy as np

from codesign.data.classification.base import ClassImages, grey
from codesign.data.sample import Split
from codesign.errors import DataError
from codesign.reading import MIB, read_bytes
from codesign.recipe import Data

INSTALLED = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package puts it."""

PREFIX = {"trainval": "train", "test": "t10k"}
IDX_BYTES = 256 * MIB
"""Most that an idx file holds: the set's own largest has 45 MiB."""
UNSIGNED_BYTES = 8
"""The idx format's number for the only type of value that these files hold."""


def is_here(path: Path) -> bool:
    return any(path.glob("train-images-idx3-ubyte*"))


def read(data: Data, split: Split) -> ClassImages:
    """The images of a split. Raises DataError if the files are missing or damaged."""
    folder = data.path or INSTALLED
    if not folder.is_dir():
        raise DataError(
            "Fashion-MNIST is not here",
            where=str(folder),
            remedy="install Debian's package dataset-fashion-mnist, give a folder of its idx files with --data, or use "
            "data.set=digits",
        )
    images, labels = _idx(folder, f"{PREFIX[split]}-images", 3), _idx(folder, f"{PREFIX[split]}-labels", 1)
    if len(images) != len(labels):
        raise DataError(
            f"{len(images)} images have {len(labels)} labels", where=str(folder), remedy="restore the files"
        )
    return ClassImages("fashion-mnist", grey(images), labels.astype(np.int64))


def _idx(folder: Path, stem: str, dimensions: int) -> np.ndarray:
    """The array of unsigned bytes in an idx file: magic number, sizes, values, all big-endian."""
    name = f"{stem}-idx{dimensions}-ubyte"
    file = next((path for path in (folder / f"{name}.gz", folder / name) if path.exists()), folder / f"{name}.gz")
    try:
        content = read_bytes(file, DataError, limit=IDX_BYTES)
        if file.suffix == ".gz":
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(IDX_BYTES + 1)
    except FileNotFoundError as error:
        raise DataError("is missing", where=str(file), remedy="restore the file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read ({error})", where=str(file), remedy="restore the file") from error
    if len(content) > IDX_BYTES:
        raise DataError(f"unpacks to more than {IDX_BYTES // MIB} MiB", where=str(file), remedy="restore the file")
    start = 4 + 4 * dimensions
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    if content[:4] != bytes((0, 0, UNSIGNED_BYTES, dimensions)) or len(content) - start != prod(shape):
        raise DataError(
            f"is no idx file of {dimensions} dimensions, or cut short", where=str(file), remedy="restore it"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
