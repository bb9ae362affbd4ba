"""What a network's input takes where no quantizer says it: a type of integers and a scale.

A file says it in the element type of the input, in a datatype annotation of QONNX or FINN, or in the model's metadata,
which is where `codesign export --input NAME=TYPE` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto

from codesign.errors import GraphError
from codesign.graph import TensorType
from codesign.graph.types import Shape

MOST_BITS = 16
METADATA = "codesign.input:"
"""Key of the model's metadata that says the type of the input whose name follows."""
ANNOTATION = "finn_datatype"
FORMS = "uint8, int8 (or other widths), bipolar, fixed<W,I>, or one of them divided: uint8/255"

_FORM = re.compile(r"(?:(?P<integer>u?int)(?P<bits>\d+)|(?P<bipolar>bipolar)|fixed<(?P<width>\d+),(?P<whole>-?\d+)>)"
                   r"(?:/(?P<divisor>\d+(?:\.\d+)?))?")  # fmt: skip


@dataclass(frozen=True)
class InputType:
    """Integers lo, lo + step, ..., hi, whose real value is `q * scale`.

    chosen: whether a user has said so, which counts more than a quantizer at the input.
    """

    lo: int
    hi: int
    step: int = 1
    scale: float = 1.0
    chosen: bool = False

    def tensor(self, shape: Shape) -> TensorType:
        return TensorType(shape, self.lo, self.hi, (self.scale,), self.step)


def parse(text: str, where: str, chosen: bool = False) -> InputType:
    """The type that `text` names. fixed<W,I>: W bits with their sign, I of them before the point.

    Raises GraphError with the forms that there are.
    """
    found = _FORM.fullmatch(text.strip().lower().replace(" ", ""))
    if found is None:
        raise GraphError(f"'{text}' is no type of an input", where=where, remedy=f"write {FORMS}")
    divisor = float(found["divisor"] or 1)
    bits = int(found["bits"] or found["width"] or 1)
    if not 1 <= bits <= MOST_BITS or not divisor > 0:
        raise GraphError(f"'{text}' is out of range", where=where, remedy=f"use 1 to {MOST_BITS} bits")
    if found["bipolar"]:
        return InputType(-1, 1, 2, 1 / divisor, chosen)
    if found["integer"] == "uint":
        return InputType(0, (1 << bits) - 1, 1, 1 / divisor, chosen)
    scale = 1.0 if found["integer"] else 2.0 ** (int(found["whole"]) - bits)
    return InputType(-(1 << bits - 1), (1 << bits - 1) - 1, 1, scale / divisor, chosen)


def with_types(model: onnx.ModelProto, said: Sequence[str]) -> onnx.ModelProto:
    """A copy of `model` whose metadata say the types of inputs in `said`, each NAME=TYPE.

    Raises GraphError for an input that the model does not have, and for what is no type.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    names = [value.name for value in network_inputs(model.graph)]
    for text in said:
        name, equals, kind = text.partition("=")
        if not equals or name not in names:
            raise GraphError(
                f"'{text}' does not name an input",
                where="--input",
                remedy=f"write {names[0] if names else 'NAME'}=uint8",
            )
        parse(kind, f"--input {name}")
        for entry in [entry for entry in copy.metadata_props if entry.key == METADATA + name]:
            copy.metadata_props.remove(entry)
        copy.metadata_props.add(key=METADATA + name, value=kind)
    return copy


def declared(model: onnx.ModelProto) -> dict[str, InputType]:
    """The types that `model` says of its inputs, by name."""
    return {
        value.name: found for value in network_inputs(model.graph) if (found := _declared(model, value)) is not None
    }


def network_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """Inputs that are no constants."""
    constants = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in constants]


ELEMENTS: Mapping[int, InputType] = {
    TensorProto.UINT8: InputType(0, 255),
    TensorProto.INT8: InputType(-128, 127),
}
"""Element types of inputs that say what the input takes."""


def _declared(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> InputType | None:
    for entry in model.metadata_props:
        if entry.key == METADATA + value.name:
            return parse(entry.value, f"input {value.name}", chosen=True)
    for annotation in model.graph.quantization_annotation:
        for entry in annotation.quant_parameter_tensor_names:
            if annotation.tensor_name == value.name and entry.key == ANNOTATION:
                return _annotated(entry.value)
    return ELEMENTS.get(value.type.tensor_type.elem_type)


def _annotated(text: str) -> InputType | None:
    """None for annotations that name no integers."""
    if text == "BINARY":
        return InputType(0, 1)
    if text == "TERNARY":
        return InputType(-1, 1)
    try:
        return parse(text, "annotation")
    except GraphError:
        return None
