"""Domains of ONNX operators: whose they are, and at which version a file uses them."""

from __future__ import annotations

import onnx
from onnx import defs

from codesign.errors import GraphError

ONNX = ""
MICROSOFT = "com.microsoft"
QUANTIZER_DOMAIN = "qonnx.custom_op.general"
QUANTIZER_DOMAINS = (QUANTIZER_DOMAIN, "onnx.brevitas", "finn.custom_op.general", ONNX)
"""Where exporters of different years put the very same quantizers."""

OLDEST_OPSET = 7
"""Broadcasting has been NumPy's, and the test mode of a BatchNormalization its number of outputs, since then."""
NEWEST_OPSET = defs.onnx_opset_version()
OLDEST_IR, NEWEST_IR = 3, onnx.IR_VERSION

_OWNERS = {
    "ai.onnx.ml": "classical machine learning",
    "ai.onnx.training": "training",
    "ai.onnx.preview.training": "training",
    MICROSOFT: "ONNX Runtime's own operators, or of a model that it has optimized",
    "com.microsoft.nchwc": "ONNX Runtime's own operators, of a model that it has optimized",
    "com.ms.internal.nhwc": "ONNX Runtime's own operators, of a model that it has optimized",
    "qonnx.custom_op.channels_last": "QONNX' operators on maps whose channels come last",
    "org.pytorch.aten": "PyTorch operators that its exporter left as they are",
    "aten": "PyTorch operators that its exporter left as they are",
    "pkg.onnxscript.torch_lib": "functions of PyTorch's exporter",
    "mmdeploy": "MMDeploy's operators",
}
_PREFIXES = {"finn.custom_op.fpgadataflow": "FINN's hardware layers", "pkg.": "functions of PyTorch's exporter"}


def owner(domain: str) -> str:
    """Whose operators those of `domain` are, in words."""
    if domain in _OWNERS:
        return _OWNERS[domain]
    return next((text for start, text in _PREFIXES.items() if domain.startswith(start)), "unknown to ONNX and QONNX")


SCALED = ("QuantizeLinear", "DequantizeLinear")
"""Quantizers of ONNX' own, which ONNX Runtime has in its domain too."""


def of_onnx(node: onnx.NodeProto) -> bool:
    """Whether `node` is one of ONNX' operators, whatever its domain says."""
    return node.domain == MICROSOFT and node.op_type in SCALED


def normal(domain: str) -> str:
    """`domain` by the name that it has here: ONNX' own has two."""
    return ONNX if domain == "ai.onnx" else domain


def opset_of(model: onnx.ModelProto) -> int:
    """The version of ONNX' own operators in `model`.

    Raises GraphError where it is missing, given twice, or none that the installed onnx defines.
    """
    versions = [item.version for item in model.opset_import if normal(item.domain) == ONNX]
    if len(set(versions)) != 1:
        what = "says two opsets" if versions else "does not say its opset"
        raise GraphError(f"the file {what}", remedy="export it again, or set opset_import")
    if not OLDEST_OPSET <= versions[0] <= NEWEST_OPSET:
        raise GraphError(
            f"opset {versions[0]} is not one of {OLDEST_OPSET} to {NEWEST_OPSET}",
            remedy="export it with another opset, or convert it with onnx.version_converter",
        )
    return int(versions[0])


def check_ir_version(model: onnx.ModelProto) -> None:
    """Raises GraphError unless the installed onnx knows the format of the file."""
    if not OLDEST_IR <= model.ir_version <= NEWEST_IR:
        raise GraphError(
            f"IR version {model.ir_version} is not one of {OLDEST_IR} to {NEWEST_IR}",
            remedy="export the file again, or install a newer onnx",
        )
