"""From the integer graph to a complete hls4ml project: Vitis back end, io_stream."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign import quoting
from codesign.design import Design
from codesign.emit.hls.base import Layer, Stream
from codesign.emit.hls.wiring import Wiring, pixel_type, wire
from codesign.emit.templating import template
from codesign.errors import CodesignError, ToolError
from codesign.files import new_folder
from codesign.graph import digest
from codesign.plugins import load
from codesign.resources import hls_dir

TEMPLATES = Path(__file__).parent / "templates"

TOP = "top"
"""Name of the project and of its top-level C++ function."""


@dataclass(frozen=True)
class HlsProject:
    """An hls4ml project on disk; `vitis-run --mode hls --tcl build_prj.tcl` in `folder` synthesizes it."""

    folder: Path


def emit_hls(design: Design, out_dir: Path) -> HlsProject:
    """Writes the hls4ml project of a design to `out_dir`, in place of what is there.

    It is of the graph before blocks are fused, whose nodes all have weights on chip here. Raises GraphError for a graph
    that this back end cannot wire, ToolError if hls4ml refuses it.
    """
    wiring = wire(design.graph, design.schedule.foldings)
    with new_folder(Path(out_dir)) as folder:
        with _hls4ml():
            model = _model(wiring, _settings(folder, design.target.part, 1e3 / design.schedule.clock_mhz))
            _declare_types(model)
            _observe(model, wiring)
            model.write()
            _make_reproducible(folder, model.config.get_config_value("Stamp"), digest(design.graph)[:8])
        (folder / "csim.h").write_bytes((hls_dir() / "csim.h").read_bytes())
        (folder / "csim.cpp").write_text(_csim(model))
    return HlsProject(Path(out_dir))


@contextlib.contextmanager
def _hls4ml() -> Iterator[None]:
    """hls4ml prints and warns freely, and raises bare exceptions; its last words become part of the error."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (CodesignError, OSError):
        raise
    except Exception as error:
        words = said.getvalue().strip().splitlines()[-1:]
        raise ToolError(
            f"hls4ml: {': '.join([*words, str(error) or type(error).__name__])}",
            remedy="check that hls4ml is of version 1.3 (`pip show hls4ml`)",
        ) from error


def _settings(folder: Path, part: str, clock_period_ns: float) -> dict[str, Any]:
    from hls4ml.backends import get_backend

    from codesign.emit.hls import extension

    extension.register()
    settings: dict[str, Any] = get_backend(extension.BACKEND).create_initial_config(
        part=part, clock_period=clock_period_ns, io_type="io_stream"
    )
    model = {"Precision": {"default": "ap_int<32>"}, "ReuseFactor": 1, "Strategy": "Resource"}
    settings |= {"Backend": extension.BACKEND, "OutputDir": str(folder), "ProjectName": TOP}
    settings["HLSConfig"] = {"Model": model, "LayerName": {}}
    return settings


def _model(wiring: Wiring, settings: dict[str, Any]) -> Any:
    """hls4ml's graph, after its passes."""
    from hls4ml.model.graph import HLSConfig, ModelGraph

    layers = list(_layers(wiring))
    settings["HLSConfig"]["LayerName"] = {
        layer.name: {"Precision": dict(layer.precisions), "ReuseFactor": layer.reuse_factor} for layer in layers
    }
    inputs, outputs = ([_key(s.name) for s in streams] for streams in (wiring.inputs, wiring.outputs))
    model = ModelGraph(HLSConfig(settings), inputs, outputs)
    for layer in layers:
        sources, results = ([_key(name) for name in names] for names in (layer.inputs, layer.outputs))
        sources = sources or ["input"]  # hls4ml's name for where the design's inputs come from
        node = model.make_node(layer.kind, layer.name, dict(layer.attributes), sources, results)
        model.graph[layer.name] = node
        _name(node, layer, results)
    model.apply_flow("vitis:ip")
    for key, streams in (("InputShapes", wiring.inputs), ("OutputShapes", wiring.outputs)):
        settings[key] = {stream.name: list(stream.shape) for stream in streams}
    return model


def _name(node: Any, layer: Layer, results: list[str]) -> None:
    """Names of the graph in place of numbers: for the streams, their types, and the files of the weights."""
    for name, result in zip(layer.outputs, results, strict=True):
        variable = node.get_output_variable(result)
        variable.name, variable.type.name = name, pixel_type(name)
    for kind, weights in node.weights.items():
        weights.name = f"{layer.name}_{kind}"


def _key(stream: str) -> str:
    """hls4ml keeps a layer's outputs among its attributes: a key that is no attribute's name.

    Of an input layer it wants output and layer to have the same name.
    """
    return f"stream:{stream}"


def _layers(wiring: Wiring) -> Iterator[Layer]:
    tensors = {stream.name: name for name, stream in wiring.tensors.items()}

    def with_copies(streams: tuple[Stream, ...]) -> Iterator[Layer]:
        names = [tensors[stream.name] for stream in streams]
        yield from (wiring.copies[name] for name in names if name in wiring.copies)

    for stream in wiring.inputs:
        shape = {"input_shape": list(stream.shape)}
        yield Layer("Input", _key(stream.name), (), (stream.name,), shape, {"result": stream.precision})
    yield from with_copies(wiring.inputs)
    for block in wiring.blocks:
        yield from load("codesign.emit.hls.ops", block.op.kind).layers(block)
        yield from with_copies(block.outputs)


def _declare_types(model: Any) -> None:
    """hls4ml declares one type a layer, which is not enough for a layer with several outputs."""
    for layer in model.get_layers():
        for variable in list(layer.get_variables()):
            layer.set_attr(variable.type.name, variable.type)


def _observe(model: Any, wiring: Wiring) -> None:
    """Lets C simulation record every tensor, right after the call that fills its stream."""
    tensors = {stream.name for stream in wiring.tensors.values()}
    for layer in model.get_layers():
        call = layer.get_attr("function_cpp")
        names = [variable.name for variable in layer.get_variables() if variable.name in tensors]
        if call and names:
            calls = [f"nnet::observe({name}, {quoting.string(name)});" for name in names]
            layer.set_attr("function_cpp", [call, "#ifndef __SYNTHESIS__", *calls, "#endif"])
            layer.set_attr("include_header", [*layer.get_attr("include_header"), "nnet_utils/nnet_observe.h"])


def _make_reproducible(folder: Path, stamp: str, replacement: str) -> None:
    """hls4ml writes a random stamp and the absolute folder; the same graph gives the same files anywhere."""
    for name in ("build_lib.sh", "hls4ml_config.yml"):
        file = folder / name
        text = file.read_text().replace(f"'{stamp}'", stamp)  # YAML quotes one that looks like a number
        file.write_text(text.replace(stamp, replacement).replace(str(folder), "."))


def _csim(model: Any) -> str:
    """The main program of C simulation."""
    inputs, outputs = model.get_input_variables(), model.get_output_variables()
    return template(TEMPLATES, "csim.cpp.j2").render(top=TOP, inputs=inputs, outputs=outputs)
