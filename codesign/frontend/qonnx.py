"""QONNX in, integer graph out."""

from __future__ import annotations

from pathlib import Path

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.interleaving import interleaved
from codesign.frontend.late_upsampling import upsampled_late
from codesign.frontend.load import check_types, load_model, simplified
from codesign.frontend.naming import one_part
from codesign.frontend.requantize import absorbed
from codesign.frontend.slices import slices_to_splits
from codesign.frontend.values import Activation
from codesign.graph import Graph


def import_qonnx(source: onnx.ModelProto | Path) -> Graph:
    """The integer graph of a QONNX model: batch size 1, zero points of zero.

    Blocks are named after the PyTorch modules they came from. `Graph.origins` names, for tensors that exist in the
    file, the ONNX tensor whose value is `q * scale`. Raises GraphError, with the ONNX node, its reason and a remedy,
    for whatever cannot be had exactly in integers.
    """
    model = simplified(load_model(source))
    slices_to_splits(model)
    importer = Importer(model)
    for node in model.graph.node:
        importer.read(node)
    check_types(model)
    if not model.graph.output:
        raise GraphError("has no output", where=str(source) if isinstance(source, Path) else "model")
    outputs = [_output(importer, value.name) for value in model.graph.output]
    if len(set(outputs)) < len(outputs):
        names = ", ".join(f"'{value.name}'" for value in model.graph.output)
        raise GraphError(f"two of the outputs {names} are the same tensor", remedy="leave one of them out")
    name = source.name.split(".")[0] if isinstance(source, Path) else model.graph.name
    return upsampled_late(interleaved(importer.builder.finish(one_part(name), outputs)))


def _output(importer: Importer, name: str) -> str:
    value = importer.value(name)
    if not isinstance(value, Activation) or value.clipped or value.layout not in ("map", "flat"):
        raise GraphError("is not quantized", where=f"output {name}", remedy="put a quantizer before the output")
    try:
        return absorbed(importer.builder, value).tensor
    except GraphError as error:
        raise GraphError(error.what, where=f"output {name}", remedy=error.remedy) from None
