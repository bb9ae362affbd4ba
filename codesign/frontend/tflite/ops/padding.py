"""PAD and PADV2: a border of real zeros, kept until the layer that reads it; channels of zeros."""

from __future__ import annotations

from codesign.errors import GraphError
from codesign.frontend.selecting import picking
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes, Padded


def read_pad(importer: Importer, operator: Operator) -> Padded | Codes:
    """A border around a map, or channels of zeros; PADV2 says the code, which has to be the zero point."""
    x = importer.map(operator)
    around = importer.tensor(operator, 1)
    if around.data is None or around.data.shape != (4, 2):
        raise GraphError("pads by sizes that are not constant", remedy="pad by constants")
    if around.data[0].any() or around.data.min() < 0:
        raise GraphError("pads the batch, or by less than 0", remedy="pad height, width and channels")
    if code_of(importer.result(operator)) != x.code:
        raise GraphError("changes the scale or the zero point", remedy=AGAIN)
    if len(operator.inputs) > 2:
        border = importer.tensor(operator, 2)
        if border.data is None or border.data.size != 1 or int(border.data.flat[0]) != x.code.zero:
            raise GraphError("pads with another value than 0", remedy="pad with zeros")
    (_, (top, bottom), (left, right), (before, after)) = around.data.tolist()
    if before or after:
        _, height, width, channels = x.shape
        op = picking([*[-1] * before, *range(channels), *[-1] * after], channels)
        final = (top, bottom, left, right) == (0, 0, 0, 0)
        tensor = importer.add(op, [x.tensor], operator, final)
        x = Codes(tensor, x.code, (1, height, width, channels + before + after))
        if final:
            return x
    return Padded(x, (top, left, bottom, right))


READERS = (Reader("PAD", read_pad, 4, {}, range(2, 3)), Reader("PADV2", read_pad, 4, {}, range(3, 4)))
