"""Labels in pictures: legible in whatever script some font is there for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codesign.reporting import letters
from codesign.reporting.letters import Label, font_file, font_files, has
from codesign.reporting.pictures import draw_marks
from codesign.tasks.base import Mark

BUNDLED = next(file for file in font_files() if file.name == "DejaVuSans.ttf")
LATIN_ONLY = BUNDLED.with_name("cmr10.ttf")


@pytest.mark.parametrize("text", ["cell", "Zelle äß", "клетка", "κύτταρο", "تا"])
def test_the_bundled_font_has_the_scripts_of_many(text):
    assert {font_file(character) for character in text} == {BUNDLED}


def test_a_character_comes_from_the_first_font_that_has_it(monkeypatch):
    monkeypatch.setattr(letters, "font_files", lambda: (LATIN_ONLY, Path("absent.ttf"), BUNDLED))
    font_file.cache_clear()
    try:
        assert [font_file(character) for character in "aж"] == [LATIN_ONLY, BUNDLED]
        assert font_file("\U0010fffd") is None  # for private use: no font has it
    finally:
        font_file.cache_clear()
    assert not has(Path(__file__), "a")


def test_a_label_lies_inside_the_picture_and_grows_with_it():
    widths = []
    for size in (100, 1600):
        picture = draw_marks(Image.new("RGB", (size, size)), [Mark(size - 20, 0, 15, 15, "клетка 0.93", 120)])
        ground = np.argwhere(np.asarray(picture).any(2))
        widths.append(ground[:, 1].max() - ground[:, 1].min())
        assert (np.asarray(picture) == 255).all(2).sum() > 20  # white letters
    assert widths[1] > 2 * widths[0]


def test_what_cannot_be_printed_takes_no_line_of_its_own():
    assert Label("a\nb", 20).width == Label("a b", 20).width
