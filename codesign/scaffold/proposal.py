"""Chooses a network, an image size and a schedule of learning for a set of pictures.

These are rules of thumb. Learning is counted in steps, not in epochs: small sets need more epochs, not less training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from codesign.networks import sections
from codesign.sections import FloatPhase, QuantizedPhase

DETECTOR_SIZES = (64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512)
CLASSIFIER_SIZES = (32, 64, 96, 128)
SMALL_OBJECT = 10
"""Percentile of the sizes of a class's objects that must still be seen."""
SEEN_PIXELS = 14
"""Sides of such an object at the network's input: three to four cells of its heat map."""
FEW_OBJECTS = 5
"""Classes of fewer do not decide the images' size."""
ALIKE = 1.2
"""Pictures whose shapes differ by no more than this have images of their shape; others have square ones."""
MOST_OBLONG = 4.0

FLOAT_STEPS, QUANTIZED_STEPS = FloatPhase.DEFAULT_STEPS, QuantizedPhase.DEFAULT_STEPS
LEAST_EPOCHS, MOST_EPOCHS = (30, 8), 1000
"""Bounds of a phase's epochs: the least (floating point, quantized), for large sets; the most, for a few pictures."""
BATCH = 16
LARGE_BATCH, LARGE_SET = 32, 5000
FEW = 64
"""Sets of fewer pictures are learned in batches of 8."""

WIDTHS = {"full": 4, "half": 2, "quarter": 1, "eighth": 0.5}
"""Channels, as multiples of a quarter of the published CoDeNet's."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a set. objects: (n, 5), width and height of each object and of its
    picture, in pixels, and the object's label."""

    task: str
    pictures: int
    classes: tuple[str, ...]
    objects: np.ndarray


@dataclass(frozen=True)
class Learning:
    """batch_size, and epochs of both phases, so that there are about as many steps as `steps` says."""

    batch_size: int
    epochs: tuple[int, int]
    steps: tuple[int, int]
    rates: tuple[float, float]


@dataclass(frozen=True)
class Proposal:
    """A network of some width for images of that (height, width), with why it is taken."""

    width: str
    image_size: tuple[int, int]
    model: dict[str, Any]
    reason: str


def learning(pictures: int, width: str) -> Learning:
    """The schedule for so many pictures to train on."""
    batch = 8 if pictures < FEW else BATCH if pictures < LARGE_SET else LARGE_BATCH
    a_epoch = max(pictures // batch, 1)
    wanted = (FLOAT_STEPS, QUANTIZED_STEPS)
    first, second = (
        min(max(round(steps / a_epoch), least), MOST_EPOCHS) for steps, least in zip(wanted, LEAST_EPOCHS, strict=True)
    )
    rates = (4e-3, 2e-3) if WIDTHS[width] <= 1 else (2e-3, 1e-3)
    return Learning(batch, (first, second), (first * a_epoch, second * a_epoch), rates)


def proposals(facts: Facts) -> Iterator[Proposal]:
    """From what suits the set best to what takes least hardware: narrower first, then smaller images."""
    longest, reason = image_sizes(facts)
    shape = image_shape(facts)
    for side in longest:
        for width in _widths(facts):
            model = _model(facts, width, side)
            yield Proposal(width, sides(side, shape, coarsest_stride(model)), model, reason)


def image_shape(facts: Facts) -> float:
    """Width by height that the images should have: that of the pictures, or 1 where these are of many shapes."""
    shapes = facts.objects[:, 2] / facts.objects[:, 3]
    low, middle, high = (float(part) for part in np.percentile(shapes, [10, 50, 90]))
    return min(max(middle, 1 / MOST_OBLONG), MOST_OBLONG) if high <= ALIKE * low else 1.0


def sides(longest: int, shape: float, stride: int) -> tuple[int, int]:
    """(height, width) of images whose longer side is about `longest`, as multiples of the stride.

    What a side is rounded up by stays black.
    """
    height, width = (longest / shape, longest) if shape > 1 else (longest, longest * shape)
    return _up(height, stride), _up(width, stride)


def _up(side: float, stride: int) -> int:
    """The next multiple of the stride, of 8 at least as recipes have it."""
    step = max(stride, 8)
    return max(ceil(round(side / step, 3)), 1, ceil(16 / step)) * step


def image_sizes(facts: Facts) -> tuple[list[int], str]:
    """Longer sides of images, the best first and then smaller ones; and why it is that."""
    if facts.task == "classification":
        side = float(np.median(facts.objects[:, 2:4].max(1)))
        best = min(CLASSIFIER_SIZES, key=lambda size: abs(size - min(side, CLASSIFIER_SIZES[-1])))
        return [size for size in CLASSIFIER_SIZES[::-1] if size <= best], f"pictures are of {side:.0f} pixels, mostly"
    largest, shape = float(facts.objects[:, 2:4].max()), image_shape(facts)
    seen = {size: _small_object(facts, sides(size, shape, 1)) for size in DETECTOR_SIZES}
    enough = (size for size, (pixels, _) in seen.items() if pixels >= SEEN_PIXELS or size >= largest)
    best = next(enough, DETECTOR_SIZES[-1])
    pixels, name = seen[best]
    reason = f"a small object of {name} is {pixels:.0f} pixels wide at this size"
    return [size for size in DETECTOR_SIZES[::-1] if size <= best], reason


def _small_object(facts: Facts, size: tuple[int, int]) -> tuple[float, str]:
    """Side of a small object, in pixels of images of that (height, width), of the class whose objects are smallest; and
    that class. Pictures are put there as `codesign.board.fit` does by default: as large as fits, their shape kept."""
    height, width = size
    magnified = np.minimum(width / facts.objects[:, 2], height / facts.objects[:, 3])
    pixels = np.sqrt(facts.objects[:, :2].prod(1)) * magnified
    of_class = [pixels[facts.objects[:, 4] == label] for label in range(len(facts.classes))]
    least = min(FEW_OBJECTS, max(map(len, of_class)))
    return min(
        (float(np.percentile(some, SMALL_OBJECT)), name)
        for some, name in zip(of_class, facts.classes, strict=True)
        if len(some) >= least
    )


def _widths(facts: Facts) -> list[str]:
    """Small sets are learned by small networks."""
    names = list(WIDTHS)
    first = "quarter" if facts.pictures < 2000 else "half" if facts.pictures < 20_000 else "full"
    return names[names.index(first) :]


def _model(facts: Facts, width: str, size: int) -> dict[str, Any]:
    return (_detector if facts.task == "detection" else _classifier)(WIDTHS[width], size) | {
        "classes": list(facts.classes)
    }


def coarsest_stride(model: dict[str, Any]) -> int:
    """Pixels of the image a cell of the network's smallest map, by which its sides must be divisible."""
    return sections()[model["kind"]].model_validate(model).coarsest_stride


def _channels(quarter: int, factor: float) -> int:
    return max(int(quarter * factor) // 8 * 8, 8)


def _detector(factor: float, size: int) -> dict[str, Any]:
    """CoDeNet with a heat map of a quarter of the image; a stage more where the image is large or the network wide."""
    stages = 3 if size > 320 or factor > 2 else 2 if size > 64 else 1
    units = (2, 2, 2) if factor <= 1 else (4, 8, 4)
    channels = [_channels(48 << number, factor) for number in range(stages)]
    return {
        "kind": "codenet",
        "stem": {"kind": "stride4", "channels": max(_channels(24, factor), 16) if factor < 1 else 24},
        "stages": [{"channels": c, "units": u} for c, u in zip(channels, units, strict=False)],
        "last_channels": _channels(128, factor),
        "decoder": {
            "operator": "square-integer-depthwise",
            "bound": 7,
            "order": "depthwise_first",
            "channels": [_channels(64, factor)] * stages,
        },
        "head_channels": max(_channels(32, factor), 16),
    }


def _classifier(factor: float, size: int) -> dict[str, Any]:
    """MobileNet with as many strides of 2 as leave 4 x 4 cells."""
    strides = max(size.bit_length() - 1 - 2, 1)  # 32 pixels: 3
    channels = [min(_channels(24 << number, factor), _channels(192, factor)) for number in range(strides)]
    blocks: list[dict[str, Any]] = []
    for number in range(1, strides):
        blocks += [{"channels": channels[number], "stride": 2}, {"channels": channels[number], "stride": 1}]
    blocks.append({"channels": 2 * channels[-1], "stride": 1})
    return {"kind": "mobilenet", "stem": {"channels": _channels(16, factor), "stride": 2}, "blocks": blocks}
