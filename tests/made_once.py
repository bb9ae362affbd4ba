"""What several test processes share is made by the first that asks."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"


@contextmanager
def first_one_makes(folder: Path) -> Iterator[bool]:
    """Yields True to the first process that asks for `folder`; the others wait until it is there."""
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not folder.exists()
