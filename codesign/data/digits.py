"""A detection set of real handwritten digits, made on the spot and written as a Pascal VOC folder.

1,797 digit images lie beside this file (8x8, 0 to 16; the test part of E. Alpaydin and C. Kaynak, Optical Recognition
of Handwritten Digits, UCI Machine Learning Repository, CC BY 4.0, as scikit-learn has it). They are pasted at
varied scale, aspect, rotation, contrast and colour over cluttered backgrounds. The source images are split before
anything else, so no handwriting of the test split is ever trained on.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from codesign.data.sample import Split
from codesign.files import new_folder

SOURCES = Path(__file__).with_suffix(".npz")
"""`images` (1797, 8, 8) and `labels` (1797,), uint8."""

VERSION = 4
"""Changes whenever the same seed gives other pixels."""

Heights = tuple[int, int]
"""Heights of the smallest and the largest digit in pixels, before they are turned; logarithms are uniform between."""

TEST_SOURCES = 360
"""Source images, of the 1,797, that only the test split uses."""

MAX_OBJECTS = 3
SMALLEST_DIGIT = 18
"""Height in pixels."""


ImageSize = tuple[int, int]
"""Height and width in pixels."""


def usual_heights(image_size: ImageSize) -> Heights:
    """Unless a recipe says otherwise, up to 3/4 of the image's shorter side."""
    return SMALLEST_DIGIT, min(image_size) * 3 // 4


@dataclass(frozen=True, eq=False)
class Sources:
    """Digit images of one split: (n, 8, 8) uint8 ink and (n,) labels."""

    ink: np.ndarray
    labels: np.ndarray


def write_digits(
    folder: Path,
    *,
    image_size: ImageSize,
    train_images: int,
    test_images: int,
    seed: int,
    heights: Heights | None = None,
) -> None:
    """Write the set as a VOC folder, whole or not at all; the same arguments give the same bytes."""
    with new_folder(folder) as scratch:
        for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
            (scratch / name).mkdir(parents=True)
        counts: dict[Split, int] = {"trainval": train_images, "test": test_images}
        for split, count in counts.items():
            _write_split(scratch, split, count, image_size, heights or usual_heights(image_size), seed)


def sources(split: Split) -> Sources:
    """The source images of a split; the two splits share none."""
    with np.load(SOURCES) as digits:
        images, labels = digits["images"], digits["labels"]
    order = np.random.default_rng(0).permutation(len(labels))
    chosen = order[:TEST_SOURCES] if split == "test" else order[TEST_SOURCES:]
    ink = np.clip(images[chosen].astype(int) * 16, 0, 255).astype(np.uint8)
    return Sources(ink, labels[chosen].astype(np.int64))


def _write_split(folder: Path, split: Split, count: int, size: ImageSize, heights: Heights, seed: int) -> None:
    pool = sources(split)
    names = [f"{split}_{index:05d}" for index in range(count)]
    for index, name in enumerate(names):
        rng = np.random.default_rng([seed, split == "test", index])
        image, objects = draw_scene(rng, pool, size, heights)
        buffer = io.BytesIO()
        image.save(buffer, format="PNG", compress_level=1)
        (folder / "JPEGImages" / f"{name}.png").write_bytes(buffer.getvalue())
        (folder / "Annotations" / f"{name}.xml").write_text(_annotation(name, size, objects), encoding="utf-8")
    (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names) + "\n", encoding="utf-8")


Box = tuple[int, int, int, int]


def draw_scene(
    rng: np.random.Generator, pool: Sources, size: ImageSize, heights: Heights
) -> tuple[Image.Image, list[tuple[str, Box]]]:
    """One image and its objects: (class name, (x0, y0, x1, y1)), the end excluded."""
    image = _background(rng, pool, size)
    objects: list[tuple[str, Box]] = []
    for _ in range(rng.integers(1, MAX_OBJECTS + 1)):
        index = int(rng.integers(len(pool.labels)))
        ink = _warp(rng, pool.ink[index], heights)
        place = _free_place(rng, ink, size, [box for _, box in objects])
        if place is not None:
            _paste(rng, image, ink, place)
            objects.append((str(pool.labels[index]), place))
    noise = rng.normal(0, rng.uniform(0, 8), (*size, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)), objects


def _background(rng: np.random.Generator, pool: Sources, size: ImageSize) -> Image.Image:
    """A colour gradient with shapes, lines and scraps of digits on it, somewhat blurred."""
    height, width = size
    corners = rng.integers(10, 150, (2, 2, 3)).astype(np.uint8)
    image = Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(1, 5)):
        x, y = rng.integers(-width // 4, width), rng.integers(-height // 4, height)
        w, h = rng.integers(3, width // 2), rng.integers(3, height // 2)
        colour = tuple(int(c) for c in rng.integers(10, 170, 3))
        box = (int(x), int(y), int(x + w), int(y + h))
        shape = rng.integers(4)
        if shape == 0:
            draw.rectangle(box, fill=colour)
        elif shape == 1:
            draw.ellipse(box, outline=colour, width=int(rng.integers(1, 4)))
        elif shape == 2:
            draw.line(box, fill=colour, width=int(rng.integers(1, 4)))
        else:
            draw.arc(box, int(rng.integers(360)), int(rng.integers(360)), fill=colour, width=int(rng.integers(1, 4)))
    for _ in range(rng.integers(0, 2)):
        _paste_scrap(rng, image, pool, size)
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.8)))


def _paste_scrap(rng: np.random.Generator, image: Image.Image, pool: Sources, size: ImageSize) -> None:
    """A quarter of a digit: strokes like a digit's that are none."""
    ink = pool.ink[rng.integers(len(pool.ink))]
    y, x = rng.integers(0, 2, 2) * 4
    side = int(rng.integers(5, min(size) // 3))
    scrap = Image.fromarray(ink[y : y + 4, x : x + 4]).resize((side, side), Image.Resampling.BICUBIC)
    left, top = (int(rng.integers(-side // 2, length - side // 2)) for length in reversed(size))
    image.paste(tuple(int(c) for c in rng.integers(0, 256, 3)), (left, top), scrap)


def _warp(rng: np.random.Generator, ink: np.ndarray, heights: Heights) -> Image.Image:
    """A digit's ink at a random scale, aspect and rotation, cropped to what is visible."""
    smallest, largest = heights
    height = np.exp(rng.uniform(np.log(smallest), np.log(largest)))
    width = min(height * rng.uniform(0.75, 1.2), largest)
    digit = _crop(Image.fromarray(ink)).resize((max(round(width), 4), round(height)), Image.Resampling.BICUBIC)
    turned = digit.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True)
    return _crop(turned)


def _crop(ink: Image.Image) -> Image.Image:
    return ink.crop(ink.point(lambda value: 255 if value > 64 else 0).getbbox())


def _free_place(rng: np.random.Generator, ink: Image.Image, size: ImageSize, taken: list[Box]) -> Box | None:
    """A box in the image that overlaps no other object, or None if there is none to be found."""
    width, height = ink.size
    if width >= size[1] or height >= size[0]:
        return None
    for _ in range(10):
        x, y = int(rng.integers(0, size[1] - width + 1)), int(rng.integers(0, size[0] - height + 1))
        box = (x, y, x + width, y + height)
        if not any(x < b[2] and b[0] < box[2] and y < b[3] and b[1] < box[3] for b in taken):
            return box
    return None


def _paste(rng: np.random.Generator, image: Image.Image, ink: Image.Image, box: Box) -> None:
    """Ink of a colour that stands out from the mean of what it covers."""
    ground = np.asarray(image.crop(box), float).mean((0, 1))
    contrast = rng.uniform(90, 180)
    colour = np.clip(ground + contrast + rng.normal(0, 20, 3), 0, 255)
    image.paste(tuple(int(c) for c in colour), box[:2], ink)


def _annotation(name: str, size: ImageSize, objects: list[tuple[str, Box]]) -> str:
    items = "".join(
        f"<object><name>{escape(label)}</name><difficult>0</difficult><bndbox><xmin>{x0 + 1}</xmin>"
        f"<ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>\n"
        for label, (x0, y0, x1, y1) in objects
    )
    return (
        f"<annotation><folder>digits</folder><filename>{name}.png</filename>\n"
        f"<size><width>{size[1]}</width><height>{size[0]}</height><depth>3</depth></size>\n{items}</annotation>\n"
    )
