"""QONNX in, integer graph out, and what is left for the host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx

from codesign.errors import GraphError
from codesign.frontend.argmax import with_argmax
from codesign.frontend.channels_first import FIRST, channels_first
from codesign.frontend.importer import Importer
from codesign.frontend.inputs import declared
from codesign.frontend.load import check_types, load_model, simplified
from codesign.frontend.naming import one_part
from codesign.frontend.network import Network, rewritten, with_tail
from codesign.frontend.on_grid import on_grid
from codesign.frontend.onnx_zones import zones_of
from codesign.frontend.ops.quantize_linear import decoded
from codesign.frontend.requantize import absorbed
from codesign.frontend.run_qdq import is_qdq, zero_points
from codesign.frontend.slices import slices_to_splits
from codesign.frontend.tail import Tail, TailBuilder
from codesign.frontend.values import Activation, Coded, Host, Value
from codesign.graph import Graph
from codesign.graph.indices import Chosen
from codesign.graph.op import EXACT_FLOAT32


def import_qonnx(source: onnx.ModelProto | Path) -> Graph:
    """The integer graph of a QONNX model, as `import_network` finds it."""
    return import_network(source).graph


def import_network(source: onnx.ModelProto | Path, name: str = "", argmax: int | None = None) -> Network:
    """The integer graph of a QONNX model: batch size 1, zero points of zero; and its tail.

    name: of the graph; default: the file's. argmax: indices of so many of the largest classes leave the hardware, not
    scores; 0: as the file chooses, or the largest.

    Blocks are named after the PyTorch modules they came from. `Graph.origins` names, for tensors that exist in the
    file, the ONNX tensor whose value is `q * scale`. Raises GraphError, with the ONNX node, its reason and a remedy,
    for whatever cannot be had exactly in integers.
    """
    loaded = load_model(source)
    moved = channels_first(simplified(loaded))
    model = moved.model
    refused = slices_to_splits(model)
    importer = Importer(model, declared(loaded), refused, on_grid)
    for node in model.graph.node:
        importer.read(node)
    check_types(model)
    if not model.graph.output:
        raise GraphError("has no output", where=str(source) if isinstance(source, Path) else "model")
    outputs, tail = _outputs(importer)
    name = name or (source.name.split(".")[0] if isinstance(source, Path) else model.graph.name)
    made = importer.builder.finish(one_part(name), outputs)
    graph = rewritten(made)
    narrow = {tensor for tensor, kind in graph.types.items() if kind.magnitude < EXACT_FLOAT32}
    names = {name for node in loaded.graph.node for name in node.output} | {value.name for value in loaded.graph.input}
    origins = {tensor: name.removesuffix(FIRST) for tensor, name in graph.origins.items() if tensor in narrow}
    graph = replace(graph, origins={tensor: name for tensor, name in origins.items() if name in names})
    if is_qdq(loaded):  # there only codes are integers: real tensors within kernels are fused away
        codes = zero_points(loaded)
        graph = replace(graph, origins={tensor: name for tensor, name in graph.origins.items() if name in codes})
    network = with_tail(graph, tail, dict(zip(outputs, made.outputs, strict=True)))
    if argmax is not None:
        output = model.graph.output[0].name
        network = with_argmax(network, argmax, Chosen(output, _class_axis(importer, output)), importer.shape(output))
    return replace(network, zones=zones_of(importer, network, loaded))


def _outputs(importer: Importer) -> tuple[list[str], Tail | None]:
    """Tensors of the builder that leave the hardware, and what the host makes of them.

    Outputs of the file that are integers come first, in the file's order.
    """
    names = [value.name for value in importer.model.graph.output]
    found = {name: _output(importer, name) for name in names}
    outputs = [tensor for tensor in found.values() if tensor is not None]
    if len(set(outputs)) < len(outputs):
        listed = ", ".join(f"'{name}'" for name, tensor in found.items() if tensor is not None)
        raise GraphError(f"two of the outputs {listed} are the same tensor", remedy="leave one of them out")
    left = [name for name, tensor in found.items() if tensor is None]
    if not left:
        return outputs, None
    builder = TailBuilder(importer.model, importer.value)
    for name in left:
        builder.need(name)
    tail = builder.finish(left)
    for name, tensor in tail.inputs.items():
        if importer.builder.operator(tensor) is None:
            _refuse_real(importer, left[0], name)
    return list(dict.fromkeys([*outputs, *tail.inputs.values()])), tail


def _output(importer: Importer, name: str) -> str | None:
    """The builder's tensor that is the output `name`; None if the host has to compute it."""
    value: Value = importer.value(name)
    if isinstance(value, Host):
        value = importer.resolved(name) or value
    if isinstance(value, Coded):
        value = decoded(importer, value, name)
    if not isinstance(value, Activation) or value.clipped or value.layout not in ("map", "flat", "turned"):
        return None
    try:
        return absorbed(importer.builder, value).tensor
    except GraphError:
        return None


def _class_axis(importer: Importer, output: str) -> int:
    """Along which axis of an output of integers the channels lie. Raises GraphError if pixels are in another order."""
    value = importer.value(output)
    if not isinstance(value, Activation) or value.layout != "turned":
        return 1
    if [axis for axis in value.axes if axis] != [1, 2]:
        raise GraphError("has its rows as columns", where=f"output {output}", remedy="leave --argmax out")
    return 1 + value.axes.index(0)


def _refuse_real(importer: Importer, output: str, source: str) -> None:
    """Raises GraphError for an output that no layer stands before: why is best known to the first that was refused."""
    value = importer.value(output)
    if isinstance(value, Host):
        raise value.reason
    raise GraphError(
        f"comes from '{source}' with nothing in between for hardware", where=f"output {output}", remedy="add a layer"
    )
