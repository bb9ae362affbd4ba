"""RESIZE_NEAREST_NEIGHBOR by a whole factor."""

from __future__ import annotations

from codesign.errors import GraphError
from codesign.frontend.reader import ANY, only
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes
from codesign.graph.ops.upsample import Upsample


def read_resize(importer: Importer, operator: Operator) -> Codes:
    """Every pixel as a square of pixels."""
    x, result = importer.map(operator), importer.result(operator)
    if code_of(result) != x.code:
        raise GraphError("changes the scale or the zero point", remedy=AGAIN)
    (_, height, width, _), (_, rows, columns, _) = x.shape, result.shape
    factor = rows // height
    if factor < 1 or (rows, columns) != (height * factor, width * factor):
        raise GraphError(f"makes {rows}x{columns} of {height}x{width}", remedy="use the same whole factor for both")
    return importer.emit(Upsample(factor), [x], operator)


READERS = (
    Reader(
        "RESIZE_NEAREST_NEIGHBOR",
        read_resize,
        4,
        {"align_corners": only(False), "half_pixel_centers": ANY},
        range(2, 3),
    ),
)
