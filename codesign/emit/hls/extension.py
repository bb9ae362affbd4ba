"""This library's operators as layers of hls4ml, through its extension API.

Importing this module imports hls4ml.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.layers import Layer, register_layer

from codesign.emit.hls.base import own_class_name
from codesign.errors import ToolError
from codesign.plugins import OPERATORS, names, outside_folders
from codesign.resources import hls_dir

BACKEND = "Vitis"


@cache
def register() -> None:
    """Gives hls4ml's Vitis back end every header `hls/nnet_*.h`, and a layer for each named after an operator.

    Raises ToolError if two folders have a header of one name.
    """
    backend = get_backend(BACKEND)
    for header in _headers():
        backend.register_source(header)
        kind = header.stem.removeprefix("nnet_")
        if kind in names("codesign.graph.ops"):
            _register_operator(backend, kind)


def _headers() -> list[Path]:
    """Headers of this library and of other packages' operators."""
    known: dict[str, Path] = {}
    for folder in (hls_dir().resolve(), *outside_folders(OPERATORS.group)):
        for header in sorted(folder.glob("nnet_*.h")):
            other = known.setdefault(header.name, header)
            if other != header:
                raise ToolError(f"there is {other} too", where=str(header), remedy="rename one of them")
    return list(known.values())


def _register_operator(backend: Any, kind: str) -> None:
    layer = type(own_class_name(kind), (OwnLayer,), {})
    register_layer(layer.__name__, layer)
    backend.register_template(lambda: _Config(layer))
    backend.register_template(lambda: _Call(layer, kind))


class OwnLayer(Layer):
    """A layer whose shapes, types and arrays `codesign.emit.hls.base.own` has spelt out."""

    def initialize(self) -> None:
        shapes, types = self.attributes["shapes"], self.attributes["stream_types"]
        for output, shape, kind in zip(self.outputs, shapes, types, strict=True):
            precision = self.model.config.backend.convert_precision_string(kind)
            self.add_output_variable(shape, out_name=output, precision=precision)
        for name, array in self.attributes["arrays"].items():
            precision = self.model.config.backend.convert_precision_string(array["precision"])
            kind = f"{self.name.lower()}_{name}_t"
            self.add_weights_variable(name, name, type_name=kind, precision=precision, data=array["data"])


class _Config(LayerConfigTemplate):
    """The configuration struct: constants and types."""

    def format(self, node: Any) -> str:
        lines = [f"    static const int {name} = {value};" for name, value in node.attributes["constants"].items()]
        lines += [f"    typedef {value} {name};" for name, value in node.attributes["typedefs"].items()]
        return "\n".join([f"struct config{node.index} {{", *lines, "};\n"])


class _Call(FunctionCallTemplate):
    """The call: `nnet::kind<types of the streams, config>(streams, arrays)`."""

    def __init__(self, layer: type[OwnLayer], kind: str) -> None:
        super().__init__(layer, include_header=[f"nnet_utils/nnet_{kind}.h"])
        self.kind = kind

    def format(self, node: Any) -> str:
        sources = [node.get_input_variable(name) for name in node.inputs]
        results = [node.get_output_variable(name) for name in node.outputs]
        types = [stream.type.name for stream in (*sources, *results)]
        if len(results) > 1:  # their number varies, and C++ deduces their types
            types = types[: len(sources)]
        arguments = [stream.name for stream in (*sources, *results)]
        arguments += [weights.name for weights in node.get_weights()]
        return f"nnet::{self.kind}<{', '.join([*types, f'config{node.index}'])}>({', '.join(arguments)});"
