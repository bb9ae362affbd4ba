"""An average that leaves the border out, or reaches beyond it: windows that count the padding as zeros."""

from __future__ import annotations

import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.load import simplified
from codesign.frontend.reader import attributes
from codesign.frontend.rewriting import producer, set_attribute
from codesign.frontend.suggestion import Suggestion


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """count_include_pad, and as much padding at the end as ceil_mode adds."""
    node = producer(model, tensor)
    if node is None or node.op_type != "AveragePool":
        return None
    options = attributes(node)
    shapes = simplified(model)
    sizes, results = (list(shapes.get_tensor_shape(name))[2:] for name in (node.input[0], tensor))
    kernel, axes = options["kernel_shape"], len(sizes)
    strides, dilations = options.get("strides", [1] * axes), options.get("dilations", [1] * axes)
    if options.get("auto_pad", "NOTSET") not in ("NOTSET", ""):
        return None
    pads = list(options.get("pads", [0] * 2 * axes))
    for i in range(axes):
        reach = (kernel[i] - 1) * dilations[i] + 1
        pads[axes + i] = max(pads[axes + i], (results[i] - 1) * strides[i] + reach - sizes[i] - pads[i])
    set_attribute(node, count_include_pad=1, ceil_mode=None, pads=pads)
    return f"{node.name or tensor} counts its padding"


SUGGESTION = Suggestion("averages that count their padding as zeros", rewrite)
