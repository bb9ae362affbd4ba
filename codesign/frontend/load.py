"""Opens a QONNX file and brings it into the form the importer reads: static shapes, folded constants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from onnx.external_data_helper import uses_external_data
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.fold_constants import FoldConstantsFiltered
from qonnx.transformation.general import RemoveStaticGraphInputs, RemoveUnusedTensors, SortGraph
from qonnx.transformation.infer_shapes import InferShapes

from codesign.errors import GraphError

QUANTIZERS = ("Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant", "MultiThreshold")
DOMAIN = "qonnx.custom_op.general"
MOST_NODES = 5000
"""QONNX' transformations take a time that grows with the square of the nodes; real networks have some hundreds."""


def load_model(source: onnx.ModelProto | Path) -> onnx.ModelProto:
    """The model in `source`, with its weights. Raises GraphError if it cannot be read or is not QONNX."""
    where = "model" if isinstance(source, onnx.ModelProto) else str(source)
    model = source if isinstance(source, onnx.ModelProto) else _read(source)
    if any(uses_external_data(tensor) for tensor in model.graph.initializer):
        raise GraphError("weights are stored outside the file", where=where, remedy="save it as one file")
    if not any(node.op_type in QUANTIZERS for node in model.graph.node):
        raise GraphError(
            "not a QONNX file: there is no Quant node in it",
            where=where,
            remedy="export it with brevitas.export.export_qonnx",
        )
    _check_nodes(model.graph, where)
    return model


def _check_nodes(graph: onnx.GraphProto, where: str) -> None:
    if len(graph.node) > MOST_NODES:
        raise GraphError(f"has {len(graph.node)} nodes, more than {MOST_NODES}", where=where, remedy="simplify it")
    seen = {value.name for value in graph.input}
    for value in graph.output:
        if value.name in seen:
            raise GraphError(f"the output '{value.name}' is an input", where=where, remedy="remove it from the outputs")
    for node in graph.node:
        for output in filter(None, node.output):
            if output in seen:
                raise GraphError(f"two nodes give the tensor '{output}'", where=where, remedy="export it again")
            seen.add(output)


def _read(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load(path)
    except FileNotFoundError as error:
        raise GraphError(f"a file is missing ({error})", where=str(path)) from None
    except (DecodeError, OSError, ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()[0]
        raise GraphError(f"not a readable ONNX file ({reason})", where=str(path), remedy="export it again") from None


def simplified(model: onnx.ModelProto) -> ModelWrapper:
    """A copy with constants folded and all shapes known, node and tensor names unchanged. Quantizers stay."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _check_input_shapes(copy)
    for node in copy.graph.node:
        if node.op_type in QUANTIZERS:
            node.domain = DOMAIN
    _constants_to_initializers(copy.graph)
    wrapper = ModelWrapper(copy)
    for step in (
        RemoveStaticGraphInputs(),
        SortGraph(),
        InferShapes(),
        FoldConstantsFiltered(lambda _, node: node.op_type not in QUANTIZERS),
        RemoveUnusedTensors(),
    ):
        try:
            wrapper = wrapper.transform(step, make_deepcopy=False, cleanup=False)
        except Exception as error:  # QONNX raises plain Exceptions, and passes on whatever ONNX Runtime raises
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise GraphError(f"the file cannot be simplified ({reason})", remedy="export it again") from None
    return wrapper


def _check_input_shapes(model: onnx.ModelProto) -> None:
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if value.name not in constants and not (dims and all(dim.dim_value > 0 for dim in dims)):
            raise GraphError(
                "the shape is not static", where=f"input {value.name}", remedy="export with fixed sizes, batch size 1"
            )


def _constants_to_initializers(graph: onnx.GraphProto) -> None:
    """Turns Constant nodes into initializers, which is what QONNX's constant folding looks at."""
    for node in [node for node in graph.node if node.op_type == "Constant"]:
        fields = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        if "value" in fields:
            tensor = onnx.TensorProto()
            tensor.CopyFrom(fields["value"])
            tensor.name = node.output[0]
        elif "value_float" in fields or "value_floats" in fields:
            array = np.array(next(iter(fields.values())), dtype="float32")
            tensor = numpy_helper.from_array(array, node.output[0])
        elif "value_int" in fields or "value_ints" in fields:
            array = np.array(next(iter(fields.values())), dtype="int64")
            tensor = numpy_helper.from_array(array, node.output[0])
        else:
            continue
        graph.initializer.append(tensor)
        graph.node.remove(node)
