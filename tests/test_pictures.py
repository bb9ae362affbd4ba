"""Pictures are read as a viewer shows them, whatever form their files have."""

import numpy as np
import pytest
from PIL import Image

from codesign.data.pictures import open_picture, picture_files, read_picture
from codesign.errors import DataError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 9)).astype(np.uint8)
GREY[0, :2] = 0, 255
COLOUR = np.repeat(np.repeat(RNG.integers(0, 256, (3, 4, 3)).astype(np.uint8), 8, 0), 8, 1)
"""In squares of a JPEG's blocks, which it leaves nearly as they are."""

TURNS = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda image: np.rot90(image, 1),
}
"""What each of Exif's orientations does to a stored picture (H, W, 3)."""


def read(path):
    return read_picture(path).transpose(1, 2, 0)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_turned_as_exif_says(tmp_path, orientation, suffix):
    file = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "subsampling": 0} if suffix == "jpg" else {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(COLOUR).save(file, exif=exif, **options)
    found = open_picture(file)
    assert found.stored == (32, 24) and found.orientation == orientation
    shown = TURNS[orientation](COLOUR).astype(int)
    assert np.abs(found.image.transpose(1, 2, 0) - shown).max() <= (4 if suffix == "jpg" else 0)


def grey_of(mode, array):
    return Image.frombytes(mode, array.shape[::-1], array.tobytes())


@pytest.mark.parametrize(
    ("suffix", "values", "shown"),
    [
        ("png", GREY.astype(np.uint16) * 257, GREY),
        ("tif", GREY.astype(np.uint16) * 257, GREY),
        ("png", (GREY * 4095.0 / 255).round().astype(np.uint16), GREY),
        ("png", (GREY * 1023.0 / 255).round().astype(np.uint16), GREY),
        ("png", GREY.astype(np.uint16), GREY),
        ("tif", (GREY / 255).astype(np.float32), GREY),
        ("tif", GREY.astype(np.float32), GREY),
        ("tif", GREY.astype(np.float32) * 20 - 1000, GREY),
        ("tif", GREY.astype(np.int32) * 1000 - 70_000, GREY),
        ("tif", np.where(GREY == 255, np.nan, GREY).astype(np.float32), np.where(GREY == 255, 0, GREY)),
        ("png", np.zeros((6, 9), np.uint16), np.zeros((6, 9))),
        ("tif", np.full((6, 9), 7e9, np.float32), np.zeros((6, 9))),
    ],
    ids=["16", "16 tiff", "12", "10", "8 in 16", "0-1", "0-255", "float", "int32", "nan", "black", "flat"],
)
def test_grey_of_more_than_8_bits_is_scaled_by_the_stated_rule(tmp_path, suffix, values, shown):
    file = tmp_path / f"a.{suffix}"
    Image.fromarray(values).save(file)
    assert np.abs(read(file).astype(int) - shown[..., None].astype(int)).max() <= 1


def test_big_endian_grey_is_grey(tmp_path):
    values = GREY.astype(">u2") * 257
    grey_of("I;16B", values).save(tmp_path / "a.tif")
    assert np.array_equal(read(tmp_path / "a.tif")[..., 0], GREY)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_pixels_are_white(tmp_path, mode):
    alpha = np.full(GREY.shape, 255, np.uint8)
    alpha[2:, 3:], alpha[0, 0] = 0, 102
    rgba = Image.fromarray(np.dstack([GREY, GREY, GREY, alpha]))
    file = tmp_path / ("a.tif" if mode == "PA" else "a.png")
    (rgba if mode == "RGBA" else rgba.convert("LA")).save(file)
    shown = GREY.astype(int)
    shown[2:, 3:], shown[0, 0] = 255, round(255 - (255 - GREY[0, 0]) * 0.4)
    assert np.abs(read(file)[..., 1] - shown).max() <= 1


def test_a_palette_s_transparent_colour_is_white(tmp_path):
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.save(tmp_path / "plain.png")
    picture.save(tmp_path / "clear.gif", transparency=1)
    assert read(tmp_path / "plain.png").tolist() == [[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [40, 50, 60]]]
    assert read(tmp_path / "clear.gif").tolist() == [[[10, 20, 30], [255] * 3], [[70, 80, 90], [255] * 3]]


@pytest.mark.parametrize(("mode", "suffix"), [("CMYK", "jpg"), ("CMYK", "tif"), ("1", "png"), ("YCbCr", "jpg")])
def test_other_colour_models_show_what_they_showed(tmp_path, mode, suffix):
    flat = Image.new("RGB", (16, 8), (255, 255, 255) if mode == "1" else (200, 40, 90))
    flat.convert(mode).save(tmp_path / f"a.{suffix}")
    assert np.abs(read(tmp_path / f"a.{suffix}").astype(int) - np.asarray(flat).astype(int)).max() <= 4


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp"])
def test_of_several_frames_the_first_is_read(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert read(tmp_path / f"a.{suffix}")[4, 4].tolist() == [250, 0, 0]
    assert picture_files(tmp_path) == [tmp_path / f"a.{suffix}"]


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp"])
def test_a_truncated_picture_is_refused(tmp_path, suffix):
    file = tmp_path / f"a.{suffix}"
    Image.fromarray(RNG.integers(0, 256, (60, 60, 3)).astype(np.uint8)).save(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    with pytest.raises(DataError, match="not readable as an image"):
        read_picture(file)


def test_damaged_exif_does_not_hide_a_picture(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert np.array_equal(read(tmp_path / "a.png"), COLOUR)
