"""Opens a QONNX file and brings it into the form the importer reads: static shapes, folded constants."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import external_data_helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.general import RemoveStaticGraphInputs, RemoveUnusedTensors, SortGraph

from codesign.errors import GraphError, first_line
from codesign.frontend.domains import ONNX, QUANTIZER_DOMAIN, QUANTIZER_DOMAINS, SCALED, normal, of_onnx, opset_of
from codesign.frontend.folding import fold_constants, infer_shapes
from codesign.frontend.inputs import network_inputs
from codesign.frontend.integer_operators import is_integer_operator, with_real_operators
from codesign.frontend.refusal import RefusalError, placed
from codesign.frontend.registry import readers
from codesign.frontend.well_formed import MOST_BYTES, check_model, tensors_of

QUANTIZERS = ("Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant", "MultiThreshold")
MOST_VALUES = 1 << 27
"""The most values of one tensor."""


def load_model(source: onnx.ModelProto | Path) -> onnx.ModelProto:
    """The model in `source`, with its weights. Raises GraphError if it cannot be read or is not QONNX."""
    where = "model" if isinstance(source, onnx.ModelProto) else str(source)
    model = source if isinstance(source, onnx.ModelProto) else read_file(source)
    try:
        check_model(model)
        if any(external_data_helper.uses_external_data(tensor) for tensor in tensors_of(model)):
            raise GraphError("weights are stored outside the file", remedy="save it as one file")
        if not any(_quantizes(node) for node in model.graph.node):
            raise RefusalError(
                "nothing in it is quantized: there is neither a Quant nor a QuantizeLinear node",
                remedy="export it with brevitas.export.export_qonnx, or quantize it with onnxruntime.quantization",
                rewrite="quantize_network",
            )
    except GraphError as error:
        raise placed(error, where) from None
    return model


def _quantizes(node: onnx.NodeProto) -> bool:
    return node.op_type in (*QUANTIZERS, *SCALED) or is_integer_operator(node)


def one_file(path: Path) -> bytes:
    """The file as it is, or with the weights that lie beside it inside. Raises GraphError as `load_model` does."""
    model = _parsed(path)
    if not any(external_data_helper.uses_external_data(tensor) for tensor in tensors_of(model)):
        return path.read_bytes()
    whole: bytes = read_file(path).SerializeToString()
    return whole


def read_file(path: Path) -> onnx.ModelProto:
    """The model in the file with its weights, not looked at yet. Raises GraphError if they cannot be read."""
    model = _parsed(path)
    try:
        _check_external(model, path)
        external_data_helper.load_external_data_for_model(model, str(path.parent))
    except FileNotFoundError as error:
        raise GraphError(f"a file is missing ({error})", where=str(path)) from None
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()[0]
        raise GraphError(
            f"its weights cannot be read ({reason})", where=str(path), remedy="save it as one file"
        ) from None
    return model


def _parsed(path: Path) -> onnx.ModelProto:
    """The file without what it stores elsewhere."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise GraphError(f"is larger than {MOST_BYTES >> 20} MiB", where=str(path), remedy="use a smaller network")
        return onnx.load(path, load_external_data=False)
    except FileNotFoundError as error:
        raise GraphError(f"a file is missing ({error})", where=str(path)) from None
    except (DecodeError, OSError, ValueError, onnx.checker.ValidationError) as error:
        reason = first_line(error)
        raise GraphError(f"not a readable ONNX file ({reason})", where=str(path), remedy="export it again") from None


def _check_external(model: onnx.ModelProto, path: Path) -> None:
    """Raises GraphError if weights lie outside the model's folder, in no plain file, or are too large together."""
    folder, size = path.parent.resolve(), 0
    for tensor in filter(external_data_helper.uses_external_data, tensors_of(model)):
        stored = {entry.key: entry.value for entry in tensor.external_data}
        place = (folder / stored.get("location", "")).resolve()
        if not place.is_relative_to(folder) or (place.exists() and not place.is_file()):
            raise GraphError(
                f"'{tensor.name}' is stored in '{stored.get('location', '')}', which is no file in its folder",
                where=str(path),
                remedy="save it as one file",
            )
        if not place.exists():
            raise GraphError(f"a file is missing ({place})", where=str(path))
        size += int(stored["length"]) if "length" in stored else place.stat().st_size - int(stored.get("offset", 0))
    if size > MOST_BYTES:
        raise GraphError(f"has more than {MOST_BYTES >> 20} MiB of weights", where=str(path))


def simplified(model: onnx.ModelProto) -> ModelWrapper:
    """A copy with constants folded and all shapes known, node and tensor names unchanged. Quantizers stay.

    What the file says of shapes inside it, and of its quantizations, is not taken over but computed.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(with_real_operators(model))
    _normalize(copy)
    _fix_batch(copy.graph)
    declared = {value.name: _dims(value) for value in copy.graph.output}
    for value in copy.graph.output:
        value.ClearField("type")
    _constants_to_initializers(copy.graph)
    _single_precision(copy.graph)
    wrapper = ModelWrapper(copy)
    try:
        for step in (RemoveStaticGraphInputs(), SortGraph()):
            wrapper = wrapper.transform(step, make_deepcopy=False, cleanup=False)
        infer_shapes(wrapper.model)
        fold_constants(wrapper)
        wrapper = wrapper.transform(RemoveUnusedTensors(), make_deepcopy=False, cleanup=False)
    except GraphError:
        raise
    except Exception as error:  # QONNX raises plain Exceptions, and passes on whatever ONNX Runtime raises
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise GraphError(f"the file cannot be simplified ({reason})", remedy="export it again") from None
    _check_shapes(wrapper.graph, declared)
    return wrapper


def check_types(model: ModelWrapper) -> None:
    """Raises GraphError if the inputs of a node do not fit each other, or its attributes, or leave a shape unknown."""
    try:
        infer_shapes(model.model, strict=True)
    except Exception as error:  # an InferenceError, which is none of onnx' public classes
        reason = " ".join(str(error).split()).removeprefix("[ShapeInferenceError] ")
        raise GraphError(f"the file contradicts itself ({reason[:300]})", remedy="export it again") from None
    graph = model.graph
    known = {value.name for value in (*graph.value_info, *graph.output) if all(_dims(value))}
    for output in (output for node in graph.node for output in node.output if output):
        if output not in known:
            raise GraphError(f"the shape of '{output}' is not known", remedy="export with fixed sizes")


def _normalize(model: onnx.ModelProto) -> None:
    """In place: one name for each domain, ONNX' own opset first, as QONNX wants it; no claims about tensors."""
    opset, graph = opset_of(model), model.graph
    read = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    for node in graph.node:
        node.domain = ONNX if of_onnx(node) else normal(node.domain)
        if node.op_type in QUANTIZERS and node.domain in QUANTIZER_DOMAINS:
            node.domain = QUANTIZER_DOMAIN
        spare = max((reader.spare_outputs for reader in readers().get((node.domain, node.op_type), ())), default=0)
        while len(node.output) > 1 and (not node.output[-1] or (spare and node.output[-1] not in read)):
            del node.output[-1]
    newest = max((entry.version for entry in model.opset_import if entry.domain == QUANTIZER_DOMAIN), default=1)
    del model.opset_import[:]
    for domain, version in ((ONNX, opset), (QUANTIZER_DOMAIN, newest)):
        model.opset_import.add(domain=domain, version=version)
    del model.metadata_props[:], graph.value_info[:], graph.quantization_annotation[:]


def _single_precision(graph: onnx.GraphProto) -> None:
    """In place: float64 parameters of quantizers, as QKeras' converter writes them, where float32 holds them too."""
    elsewhere = {name for node in graph.node if node.domain != QUANTIZER_DOMAIN for name in node.input}
    elsewhere |= {node.input[0] for node in graph.node if node.domain == QUANTIZER_DOMAIN and node.input}
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.DOUBLE or tensor.name in elsewhere:
            continue
        array = numpy_helper.to_array(tensor)
        single = array.astype(np.float32)
        if (single == array).all():
            tensor.CopyFrom(numpy_helper.from_array(single, tensor.name))


def _fix_batch(graph: onnx.GraphProto) -> None:
    """In place: a batch of any size is one image."""
    for value in network_inputs(graph):
        dims = value.type.tensor_type.shape.dim
        if len(dims) > 1 and dims[0].dim_value < 1:
            dims[0].dim_value = 1


def _dims(value: onnx.ValueInfoProto) -> list[int]:
    """The sizes that are given, 0 for those that are not."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _check_shapes(graph: onnx.GraphProto, declared: dict[str, list[int]]) -> None:
    """Raises GraphError if a tensor is too large, or an output has another shape than the file says."""
    for value in (*graph.value_info, *graph.output):
        if prod(_dims(value)) > MOST_VALUES:
            raise GraphError(f"the tensor '{value.name}' has more than {MOST_VALUES} values", remedy="use smaller maps")
    for value in graph.output:
        says, has = declared[value.name], _dims(value)
        if says and has and (len(says) != len(has) or any(s not in (0, h) for s, h in zip(says, has, strict=True))):
            raise GraphError(
                f"has the shape {tuple(has)}, not {tuple(says)}", where=f"output {value.name}", remedy="export it again"
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
