"""MAX_POOL_2D, AVERAGE_POOL_2D, and MEAN over the whole map."""

from __future__ import annotations

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.reader import ANY
from codesign.frontend.tflite.activation import FUSED, clamped
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.rescaling import Code, average, limited, mean
from codesign.frontend.tflite.values import Codes
from codesign.frontend.tflite.windows import PADDING, pads_of
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.windows import Pads, Pair


def read_max_pool(importer: Importer, operator: Operator) -> Codes:
    """Maxima over windows, whose border never wins; then the bounds of an activation function."""
    x = importer.map(operator)
    kernel, stride, pads = _windows(importer, operator, x)
    code = _same_code(importer, operator, x)
    found = importer.add(MaxPool(kernel, stride, pads), [x.tensor], operator, final=code == x.code)
    if code != x.code:
        found = importer.add(limited(importer.builder.types[found], code), [found], operator, final=True)
    return importer.computed(operator, found)


def read_average_pool(importer: Importer, operator: Operator) -> Codes:
    """Averages of the codes over windows, halves rounded away from code 0."""
    x = importer.map(operator)
    kind = importer.kind(x)
    kernel, stride, pads = _windows(importer, operator, x)
    if any(pads):
        raise GraphError("averages at the border leave out the padding", remedy="pad with VALID")
    code, count = _same_code(importer, operator, x), kernel[0] * kernel[1]
    ones = np.ones((kind.channels, 1, *kernel), np.int64)
    whole = kernel == kind.shape[1:]
    op = AvgPool(count) if whole else Depthwise(ones, np.zeros(len(ones), np.int64), (1 / count,), stride)
    sums = importer.add(op, [x.tensor], operator)
    step = average(importer.builder.types[sums], count, code)
    return importer.computed(operator, importer.add(step, [sums], operator, final=True))


def read_mean(importer: Importer, operator: Operator) -> Codes:
    """The average of every channel, rescaled in the same step."""
    x = importer.map(operator)
    axes = importer.constant(operator, 1, "INT32").data
    assert axes is not None
    over = {int(axis) % 4 for axis in axes.reshape(-1)}
    if not {axis for axis in (1, 2) if x.shape[axis] > 1} <= over <= {1, 2}:
        raise GraphError(
            f"a MEAN over the axes {sorted(over)} is not supported", remedy="average over height and width"
        )
    kind, code = importer.kind(x), code_of(importer.result(operator))
    sums = importer.add(AvgPool(kind.pixels), [x.tensor], operator)
    step = mean(importer.builder.types[sums], kind.pixels, x.code, code)
    return importer.computed(operator, importer.add(step, [sums], operator, final=True))


def _windows(importer: Importer, operator: Operator, x: Codes) -> tuple[Pair, Pair, Pads]:
    kernel = operator.option("filter_height"), operator.option("filter_width")
    stride = operator.option("stride_h"), operator.option("stride_w")
    if min(*kernel, *stride) < 1:
        raise GraphError(f"has windows {kernel} with strides {stride}", remedy=AGAIN)
    kind = importer.kind(x)
    return kernel, stride, pads_of(operator.option("padding"), (kind.height, kind.width), kernel, stride)


def _same_code(importer: Importer, operator: Operator, x: Codes) -> Code:
    """That of the result, with the bounds of the activation function. Raises GraphError unless it is that of `x`."""
    code = code_of(importer.result(operator))
    if code != x.code:
        raise GraphError("changes the scale or the zero point", remedy="convert it again: pooling keeps both")
    return clamped(code, operator.option("fused_activation_function"))


WINDOW = {
    "padding": PADDING,
    "stride_w": ANY,
    "stride_h": ANY,
    "filter_width": ANY,
    "filter_height": ANY,
    "fused_activation_function": FUSED,
}

READERS = (
    Reader("MAX_POOL_2D", read_max_pool, 3, WINDOW),
    Reader("AVERAGE_POOL_2D", read_average_pool, 3, WINDOW),
    Reader("MEAN", read_mean, 3, {"keep_dims": ANY}, range(2, 3)),
)
