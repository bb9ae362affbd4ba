"""Labels in pictures, legible in any script for which some font is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

SUFFIXES = (".ttf", ".otf", ".ttc")
NO_CHARACTER = "\uffff"
"""Drawn as what a font shows for characters that it lacks."""
PROBED = 24
"""Size at which is looked whether a font has a character."""


@dataclass(frozen=True)
class Label:
    """A line of text, each of its characters in the first font that has it. size: of its letters, in pixels."""

    text: str
    size: int

    @property
    def height(self) -> float:
        return self.size * 1.25

    @property
    def width(self) -> float:
        """Width in pixels of the ground that it stands on."""
        return sum(font.getlength(run) for font, run in self._runs()) + self.size / 2

    def draw(self, draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
        """Writes it in white on a ground whose upper left corner is (x, y)."""
        place = x + self.size / 4
        for font, run in self._runs():
            draw.text((place, y + self.height / 2), run, font=font, fill="white", anchor="lm")
            place += font.getlength(run)

    def _runs(self) -> Iterator[tuple[Font, str]]:
        printable = "".join(character if character.isprintable() else " " for character in self.text)
        for file, run in groupby(printable, font_file):
            yield _font(file, self.size), "".join(run)


@cache
def font_file(character: str) -> Path | None:
    """The first font that has a character; None, for Pillow's own, if none has."""
    return next((file for file in font_files() if has(file, character)), None)


@cache
def font_files() -> tuple[Path, ...]:
    """DejaVu Sans as matplotlib brings it, then the system's fonts: upright ones without serifs first."""
    found = [file for folder in _folders() if folder.is_dir() for file in sorted(folder.rglob("*"))]
    fonts = [file for file in found if file.suffix.lower() in SUFFIXES]
    return (*_bundled(), *sorted(fonts, key=lambda file: (_styled(file.stem.lower()), file.name)))


def has(file: Path, character: str) -> bool:
    """Whether a font has a character; one that cannot be read has none."""
    try:
        font = _font(file, PROBED)
        drawn = bytes(font.getmask(character))
        return bool(character.isspace() or any(drawn)) and drawn != bytes(font.getmask(NO_CHARACTER))
    except (OSError, ValueError):
        return False


@cache
def _font(file: Path | None, size: int) -> Font:
    return ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)


def _bundled() -> Iterator[Path]:
    spec = find_spec("matplotlib")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(place) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if file.is_file():
            yield file


def _folders() -> list[Path]:
    """Where systems keep fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return [data / "fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]


def _styled(stem: str) -> int:
    """How far a font's name is from a plain one's."""
    plain = any(word in stem for word in ("sans", "gothic", "hei", "arial"))
    return 2 * any(word in stem for word in ("bold", "italic", "oblique", "light", "black", "mono")) + (not plain)
