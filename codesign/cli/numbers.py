"""Numbers on the command line: digits, and a range that every one of them must lie in.

Python's own `int` and `float` also take `1_0` for 10, and `nan` and `inf` for numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import typer

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")

MOST_IMAGES = 10**6
MOST_DSP = 10**6
MOST_INDICES = 64
MOST_DEVICES = 1024
MOST_WORKERS = 256
LARGEST_SIZE = 2**16
MOST_TRIALS = 10**5
FPS = (1e-6, 1e9)
CLOCK_MHZ = (0.1, 10_000.0)
LARGEST_SEED = 2**31 - 1


def whole(least: int, most: int) -> Callable[[str], int]:
    """A parser of whole numbers from `least` to `most`. It raises BadParameter for anything else."""

    def integer(text: str) -> int:
        if _WHOLE.fullmatch(str(text)) and least <= int(text) <= most:
            return int(text)
        raise typer.BadParameter(f"{text!r} is no whole number from {least:,} to {most:,}")

    return integer


def number(least: float, most: float) -> Callable[[str], float]:
    """A parser of numbers from `least` to `most`. It raises BadParameter for anything else."""

    def number(text: str) -> float:
        if _NUMBER.fullmatch(str(text)) and least <= float(text) <= most:
            return float(text)
        raise typer.BadParameter(f"{text!r} is no number from {least:g} to {most:g}")

    return number
