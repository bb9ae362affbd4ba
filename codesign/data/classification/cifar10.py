"""CIFAR-10 (Krizhevsky, 2009): 50,000 + 10,000 images of 32 x 32 pixels, in its binary version.

The version for Python is pickled. Unpickling runs whatever a file says, so it is never read here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codesign.data.classification.base import ClassImages
from codesign.data.sample import Split
from codesign.errors import DataError
from codesign.reading import read_bytes
from codesign.recipe import Data

BINARY, PICKLED = "cifar-10-batches-bin", "cifar-10-batches-py"
FILES = {"trainval": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}
PIXELS = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
"""Bytes: the label, then the pixels."""


def is_here(path: Path) -> bool:
    return any((folder / name).exists() for folder in (path, path / BINARY) for name in FILES["test"]) or (
        path.name == PICKLED or (path / PICKLED).is_dir()
    )


def read(data: Data, split: Split) -> ClassImages:
    """The images of a split. Raises DataError if the files are missing or damaged."""
    if data.path is None:
        raise DataError(
            "CIFAR-10 is not part of this package", where="data.path", remedy=f"give the folder of {BINARY} with --data"
        )
    records = np.concatenate([_records(file) for file in _files(data.path, split)])
    return ClassImages("cifar10", records[:, 1:].reshape(-1, *PIXELS), records[:, 0].astype(np.int64))


def _files(path: Path, split: Split) -> list[Path]:
    folder = path / BINARY if (path / BINARY).is_dir() else path
    files = [folder / name for name in FILES[split]]
    missing = [file for file in files if not file.exists()]
    if not missing:
        return files
    if path.name == PICKLED or (path / PICKLED).is_dir():
        raise DataError(
            "holds the pickled version, which is never unpickled because that would run what is in it",
            where=str(path),
            remedy=f"unpack cifar-10-binary.tar.gz beside it ({BINARY})",
        )
    raise DataError("is missing", where=str(missing[0]), remedy=f"set data.path to the folder of {BINARY}")


def _records(file: Path) -> np.ndarray:
    """(N, RECORD) bytes."""
    content = np.frombuffer(read_bytes(file, DataError), np.uint8)
    if not content.size or content.size % RECORD:
        raise DataError(f"holds {content.size} bytes, no multiple of {RECORD}", where=str(file), remedy="restore it")
    return content.reshape(-1, RECORD)
