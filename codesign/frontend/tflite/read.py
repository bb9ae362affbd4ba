"""TFLite in, integer graph out, and what is left for the host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from codesign.errors import GraphError
from codesign.frontend.argmax import with_argmax
from codesign.frontend.naming import one_part
from codesign.frontend.network import Network, rewritten, with_tail
from codesign.frontend.tflite.importer import Importer
from codesign.frontend.tflite.model import FULL_INTEGER, Model
from codesign.frontend.tflite.parse import load_model
from codesign.frontend.tflite.values import Codes, Hosted
from codesign.frontend.tflite.zones import zones_of
from codesign.graph import Graph
from codesign.graph.indices import Chosen


def import_tflite(source: Path) -> Graph:
    """The integer graph of a TFLite file, as `import_network` finds it."""
    return import_network(source).graph


def import_network(source: Path, name: str = "", argmax: int | None = None) -> Network:
    """The integer graph of a full-integer TFLite file, and its tail.

    name: of the graph; default: the file's. argmax: as for QONNX. `Graph.origins` names, for tensors that exist in the
    file, the one whose codes are `q + zero`. Raises GraphError, with the operator, its reason and a remedy, for
    whatever cannot be had exactly, ToolError without the extra `tflite`.
    """
    model = load_model(source)
    _refuse_real(model, str(source))
    importer = Importer(model)
    for operator in model.operators:
        importer.read(operator)
    outputs, hosted = _outputs(importer)
    tail = importer.tail.finish([model.tensors[i] for i in hosted]) if hosted else None
    inputs = tail.inputs if tail else {}
    ends = list(dict.fromkeys([*outputs, *inputs.values()]))
    made = importer.builder.finish(one_part(name or source.name.split(".")[0]), ends)
    network = with_tail(rewritten(made), tail, dict(zip(ends, made.outputs, strict=True)))
    if argmax is not None:
        output = model.tensors[model.outputs[0]]
        network = with_argmax(network, argmax, Chosen(output.name, len(output.shape) - 1), output.shape)
    return replace(network, zones=zones_of(importer, network))


def _refuse_real(model: Model, where: str) -> None:
    """Raises GraphError for files of which nothing, or only the weights, is quantized."""
    computed = [model.tensors[i] for operator in model.operators for i in operator.outputs]
    if any(tensor.type in ("INT8", "UINT8", "INT16") for tensor in computed):
        return
    weights = any(tensor.data is not None and tensor.type == "INT8" and tensor.scales for tensor in model.tensors)
    what = "only its weights are quantized: activations are real numbers" if weights else "nothing in it is quantized"
    raise GraphError(what, where=where, remedy=FULL_INTEGER)


def _outputs(importer: Importer) -> tuple[list[str], list[int]]:
    """Tensors of the builder that leave the hardware, and outputs of the file that the host computes."""
    tensors, hosted = [], []
    for index in importer.model.outputs:
        value, name = importer.value(index), importer.model.tensors[index].name
        if isinstance(value, Hosted):
            hosted.append(index)
            continue
        if not isinstance(value, Codes) or importer.builder.operator(value.tensor) is None:
            what = "comes from the input with nothing in between for hardware"
            raise GraphError(what, where=f"output {name}", remedy="add a layer")
        if value.tensor in tensors:
            raise GraphError("is the same tensor as another output", where=f"output {name}", remedy="leave one out")
        tensors.append(value.tensor)
    return tensors, hosted
