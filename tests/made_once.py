"""What several test processes share is made by the first that asks."""

import fcntl
from collections.abc import Callable
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """`folder`, made beside, then renamed, by the first process that asks for it; the others wait until it is there."""
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_name(f"{folder.name}.making")
            make(making)
            making.rename(folder)
    return folder
