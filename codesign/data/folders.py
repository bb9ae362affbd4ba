"""The folder that a recipe names for its images."""

from __future__ import annotations

from pathlib import Path

from codesign.errors import DataError
from codesign.recipe import Data


def given_folder(data: Data, kind: str) -> Path:
    """`data.path`. Raises DataError if the recipe gives none; `kind` says what folder is meant."""
    if data.path is None:
        raise DataError(
            "the recipe's images are not part of this package",
            where="data.path",
            remedy=f"give {kind} with --data",
        )
    return data.path
