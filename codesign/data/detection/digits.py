"""Scenes of handwritten digits, drawn when they are first asked for (`codesign.data.digits`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codesign.data import own
from codesign.data.digits import VERSION, write_digits
from codesign.data.own import OwnPictures
from codesign.data.sample import Split
from codesign.recipe import Data
from codesign.resources import cache_dir


def is_here(path: Path) -> bool:
    """They are made, in no folder of the user's."""
    return False


def read(data: Data, split: Split, classes: Sequence[str]) -> OwnPictures:
    """The scenes of a split, out of a folder that `data.path` names or out of the cache."""
    found = data.model_copy(update={"path": data.path or _made(data), "format": "voc"})
    return own.read(found, "detection", split, classes)


def _made(data: Data) -> Path:
    folder = _folder(data)
    if not folder.exists():
        write_digits(
            folder,
            image_size=data.size,
            train_images=data.train_images,
            test_images=data.val_images,
            seed=data.seed,
            heights=data.digit_heights,
        )
    return folder


def _folder(data: Data) -> Path:
    """Where the set of these parameters is kept: under `$CODESIGN_CACHE`, or else `~/.cache/codesign`."""
    size = data.image_size if isinstance(data.image_size, int) else "x".join(map(str, data.image_size))
    key = f"digits-v{VERSION}-{size}-{data.train_images}-{data.val_images}-{data.seed}"
    return cache_dir() / "-".join((key, *map(str, data.digit_heights or ())))
