"""MAX_POOL_2D, AVERAGE_POOL_2D, and MEAN over the whole map."""

from __future__ import annotations

from codesign.errors import GraphError
from codesign.frontend.ops._averages import averaging
from codesign.frontend.ops._geometry import Windows
from codesign.frontend.reader import ANY
from codesign.frontend.tflite.activation import FUSED, clamped
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.rescaling import Code, average, limited, mean
from codesign.frontend.tflite.values import Codes
from codesign.frontend.tflite.windows import PADDING, pads_of, together
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.windows import Pads, Pair


def read_max_pool(importer: Importer, operator: Operator) -> Codes:
    """Maxima over windows, whose border never wins; then the bounds of an activation function."""
    x, border = importer.bordered(operator)
    if any(border) and importer.kind(x).lo < 0:
        raise GraphError("takes the maximum with a border of zeros", remedy="pad after a ReLU, or in the pooling")
    kernel, stride, pads = _windows(importer, operator, x, border)
    code = _same_code(importer, operator, x)
    found = importer.add(MaxPool(kernel, stride, pads), [x.tensor], operator, final=code == x.code)
    if code != x.code:
        found = importer.add(limited(importer.builder.types[found], code), [found], operator, final=True)
    return importer.computed(operator, found)


def read_average_pool(importer: Importer, operator: Operator) -> Codes:
    """Averages of the codes over windows, whose padding does not count; halves are rounded away from code 0."""
    x, border = importer.bordered(operator)
    kind = importer.kind(x)
    kernel, stride, pads = _windows(importer, operator, x, border)
    code = _same_code(importer, operator, x)
    ops, divisor = averaging(kind, Windows(kernel, stride, pads), counted=border)
    tensor = x.tensor
    for op in ops:
        tensor = importer.add(op, [tensor], operator)
    step = average(importer.builder.types[tensor], divisor, code)
    return importer.computed(operator, importer.add(step, [tensor], operator, final=True))


def read_mean(importer: Importer, operator: Operator) -> Codes:
    """The average of every channel, rescaled in the same step."""
    x = importer.map(operator)
    _check_axes(importer, operator, x)
    kind, code = importer.kind(x), code_of(importer.result(operator))
    sums = importer.add(AvgPool(kind.pixels), [x.tensor], operator)
    step = mean(importer.builder.types[sums], kind.pixels, x.code, code)
    return importer.computed(operator, importer.add(step, [sums], operator, final=True))


def read_max(importer: Importer, operator: Operator) -> Codes:
    """The maximum of every channel."""
    x = importer.map(operator)
    _check_axes(importer, operator, x)
    _same_scale(importer, operator, x)
    return importer.emit(MaxPool(importer.kind(x).shape[1:], (1, 1), (0, 0, 0, 0)), [x], operator)


def _check_axes(importer: Importer, operator: Operator, x: Codes) -> None:
    """Raises GraphError unless the operator reduces height and width."""
    axes = importer.constant(operator, 1, "INT32").data
    assert axes is not None
    over = {int(axis) % 4 for axis in axes.reshape(-1)}
    if not {axis for axis in (1, 2) if x.shape[axis] > 1} <= over <= {1, 2}:
        raise GraphError(
            f"a {operator.kind} over the axes {sorted(over)} is not supported", remedy="reduce height and width"
        )


def _windows(importer: Importer, operator: Operator, x: Codes, border: Pads) -> tuple[Pair, Pair, Pads]:
    """Kernel, strides and the whole border: that of the pooling, and that of a PAD before it."""
    kernel = operator.option("filter_height"), operator.option("filter_width")
    stride = operator.option("stride_h"), operator.option("stride_w")
    if min(*kernel, *stride) < 1:
        raise GraphError(f"has windows {kernel} with strides {stride}", remedy=AGAIN)
    kind = importer.kind(x)
    size = kind.height + border[0] + border[2], kind.width + border[1] + border[3]
    return kernel, stride, together(border, pads_of(operator.option("padding"), size, kernel, stride))


def _same_code(importer: Importer, operator: Operator, x: Codes) -> Code:
    """That of the result, with the bounds of the activation function. Raises GraphError unless it is that of `x`."""
    return clamped(_same_scale(importer, operator, x), operator.option("fused_activation_function"))


def _same_scale(importer: Importer, operator: Operator, x: Codes) -> Code:
    code = code_of(importer.result(operator))
    if code != x.code:
        raise GraphError("changes the scale or the zero point", remedy="convert it again: pooling keeps both")
    return code


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
    Reader("REDUCE_MAX", read_max, 3, {"keep_dims": ANY}, range(2, 3)),
    Reader("MEAN", read_mean, 3, {"keep_dims": ANY}, range(2, 3)),
)
