"""`codesign export`: from a trained run, or a QONNX or TFLite file, to a build folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import onnx

from codesign.build_folder import BuildFolder, new_build, versions
from codesign.design import Design, design_of
from codesign.emit.board import emit_board
from codesign.emit.core import emit_core
from codesign.emit.driver import BoardTail, emit_driver
from codesign.emit.hls.project import emit_hls
from codesign.emit.onnx import emit_qcdq
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import CheckpointError, GraphError, RecipeError
from codesign.files import write_bytes, write_text
from codesign.frontend.files import import_file
from codesign.frontend.inputs import with_types
from codesign.frontend.load import load_model, one_file
from codesign.frontend.network import Network
from codesign.frontend.qonnx import import_network
from codesign.frontend.refusal import RefusalError
from codesign.frontend.tflite.parse import ENDING, is_tflite
from codesign.graph import Graph, save
from codesign.graph.heads import heads_of
from codesign.progress import Progress, silent
from codesign.recipe import Recipe, find_recipe, load_recipe
from codesign.reporting.summarize import summarize
from codesign.reporting.summary import Summary
from codesign.run_folder import find_run, kept_network
from codesign.schedule import schedule
from codesign.targets import Target, load_target
from codesign.tasks import takes_indices

RUN_FILES = ("recipe.yaml", "weights.safetensors", "result.json")


@dataclass(frozen=True)
class Export:
    """A finished build and its report."""

    folder: BuildFolder
    summary: Summary


def export(
    source: str | Path,
    out: str | Path,
    *,
    target: str | Path = "pynq-z2",
    fps: float | None = None,
    max_dsp: int | None = None,
    clock_mhz: float | None = None,
    random_weights: bool = False,
    sparse: bool = False,
    argmax: int | None = None,
    inputs: Sequence[str] = (),
    overrides: Sequence[str] = (),
    progress: Progress = silent,
) -> Export:
    """Writes a build folder at `out`, whole or not at all.

    source: a run folder, the name of a run that ships in `models/`, or a QONNX or TFLite file. fps: reach this frame
    rate with the least hardware, else as fast as the target allows; max_dsp and clock_mhz replace the target's limits.
    random_weights: `source` is a recipe instead, a file or a shipped one's name, whose network is built untrained; the
    manifest says so. sparse: of a detector, only the peaks leave the hardware (docs/frames.md). argmax: of a
    classifier, indices of so many of the likeliest classes leave the hardware, not scores; 0: as many as the file
    chooses itself, else one (docs/qonnx.md). inputs: of a file, `NAME=TYPE` of an input before whose quantizer there is
    arithmetic, or that has none. overrides: `key.path=value` settings of that recipe. Raises a CodesignError that says
    what cannot be exported, and why.
    """
    if inputs and (random_weights or not Path(source).is_file()):
        raise GraphError("only a file takes types of inputs", where=str(source), remedy="leave --input out")
    if overrides and not random_weights:
        raise RecipeError(
            "only a recipe that is built untrained takes settings", where=str(source), remedy="train it with --set"
        )
    board = load_target(target)
    origin = find_recipe(source) if random_weights else find_source(source)
    limits = {"fps": fps, "max_dsp": max_dsp, "clock_mhz": clock_mhz}
    facts = {
        "source": str(origin),
        "random_weights": random_weights,
        "target": board.model_dump(mode="json"),
        "options": {**limits, "sparse": sparse, "argmax": argmax, "inputs": list(inputs), "set": list(overrides)},
    }
    with new_build(Path(out), facts) as build:
        recipe = load_recipe(origin, overrides) if random_weights else None
        work = _Work(build, facts, origin, board, limits, sparse, argmax, inputs, recipe)
        for title, step in STEPS:
            progress(f"export: {title}", 0, 1)
            step(work)
            progress(f"export: {title}", 1, 1)
    return Export(BuildFolder(Path(out)), work.summary)


@dataclass
class _Work:
    """What an export is made of, and what its steps have made so far.

    facts: for the manifest. untrained: the recipe, if that is the source.
    """

    build: BuildFolder
    facts: dict[str, Any]
    origin: Path
    board: Target
    limits: dict[str, Any]
    sparse: bool
    argmax: int | None
    inputs: Sequence[str]
    untrained: Recipe | None
    tail_inputs: Mapping[str, str] = field(default_factory=dict)
    graph: Graph = field(init=False)
    design: Design = field(init=False)
    rtl: RtlProject = field(init=False)
    summary: Summary = field(init=False)


def _import(work: _Work) -> None:
    if work.untrained:
        network = _import_untrained(work, work.untrained)
    else:
        network = _import_file(work) if work.origin.is_file() else _import_run(work)
    work.graph = network.graph
    if work.sparse:
        heads_of(work.graph)  # refuses what is no detector before the search for a schedule
    work.facts["tensors"] = {**_of_the_file(work.graph), "tail": work.tail_inputs}
    if network.chosen is not None:
        work.facts["tensors"]["chosen"] = asdict(network.chosen)
    save(work.graph, work.build.graph_file)


def _write_onnx(work: _Work) -> None:
    write_bytes(work.build.qcdq, emit_qcdq(work.graph).SerializeToString())


def _schedule(work: _Work) -> None:
    plan = schedule(work.graph, work.board, **work.limits, streaming=True, lut_products=True, sparse=work.sparse)
    plan.save(work.build.schedule)
    work.design = design_of(work.graph, work.board, plan, sparse=work.sparse)


def _write_hls(work: _Work) -> None:
    emit_hls(work.design, work.build.hls)


def _write_rtl(work: _Work) -> None:
    work.rtl = emit_rtl(work.design, work.build.rtl)
    emit_core(work.design, work.rtl)


def _write_driver(work: _Work) -> None:
    emit_driver(work.design, work.rtl, work.build.driver, recipe=work.build.recipe, versions=versions())


def _write_board(work: _Work) -> None:
    """Nothing for a board without an overlay."""
    if work.board.overlay:
        tail = BoardTail(work.build.tail, work.tail_inputs) if work.tail_inputs and not work.sparse else None
        emit_board(
            work.design, work.rtl, work.build.board, driver=work.build.driver, recipe=work.build.recipe, tail=tail
        )


def _report(work: _Work) -> None:
    work.summary = summarize(work.design, work.build)
    write_text(work.build.report, work.summary.model_dump_json(indent=1) + "\n")


STEPS: tuple[tuple[str, Callable[[_Work], None]], ...] = (
    ("integer graph", _import),
    ("ONNX", _write_onnx),
    ("schedule", _schedule),
    ("hls4ml project", _write_hls),
    ("SystemVerilog", _write_rtl),
    ("driver", _write_driver),
    ("board package", _write_board),
    ("report", _report),
)
"""What an export does, in this order, each with what it is called while it is done."""


def find_source(source: str | Path) -> Path:
    """The run folder or file that `source` names. Raises GraphError or CheckpointError if there is none."""
    path = Path(source)
    if path.is_file():
        return path
    if path.suffix in (".onnx", ENDING):
        raise GraphError("there is no such file", where=str(path), remedy="give an ONNX or TFLite file, or a run")
    try:
        return find_run(path)
    except CheckpointError as missing:
        try:
            recipe = find_recipe(source)
        except RecipeError:
            raise missing from None
        raise CheckpointError(
            f"is a recipe that is not trained yet ({recipe.name})",
            where=str(source),
            remedy="train it with `codesign train`, or add --random-weights to build it untrained",
        ) from missing


def _of_the_file(graph: Graph) -> dict[str, dict[str, str]]:
    """Names in the network's file of the graph's inputs and outputs."""
    inputs = {name: graph.title(name) for name in graph.inputs}
    return {"inputs": inputs, "outputs": {name: graph.origins.get(name, name) for name in graph.outputs}}


def _import_file(work: _Work) -> Network:
    """The build's copy of an ONNX file says the types that the user has given to inputs."""
    try:
        network = _network_of_file(work)
    except RefusalError as refusal:
        if not is_tflite(work.origin):
            refusal.tell(refusal.what, refusal.where, f"{refusal.remedy}; or have it rewritten by --suggest")
        raise
    if network.tail is not None:
        write_bytes(work.build.tail, network.tail.SerializeToString())
        work.tail_inputs = network.tail_inputs
    assert network.zones is not None
    write_text(work.build.zones, json.dumps(asdict(network.zones), indent=1) + "\n")
    return network


def _network_of_file(work: _Work) -> Network:
    if is_tflite(work.origin):
        network = _import_tflite(work)
    elif work.inputs:
        model = with_types(load_model(work.origin), work.inputs)
        network = import_network(model, work.origin.stem, work.argmax)
        write_bytes(work.build.qonnx, model.SerializeToString())
    else:
        network = import_file(work.origin, argmax=work.argmax)
        write_bytes(work.build.qonnx, one_file(work.origin))
    return network


def _import_tflite(work: _Work) -> Network:
    if work.inputs:
        raise GraphError("says the type of its input itself", where=str(work.origin), remedy="leave --input out")
    network = import_file(work.origin, argmax=work.argmax)
    shutil.copyfile(work.origin, work.build.tflite)
    return network


def _import_run(work: _Work) -> Network:
    """A run is copied into the build, so that its PyTorch modules can be verified too."""
    work.build.run.mkdir()
    for name in RUN_FILES:
        shutil.copyfile(work.origin / name, work.build.run / name)
    return _import_own_run(work, kept_network(work.origin))


def _import_untrained(work: _Work, recipe: Recipe) -> Network:
    """The run that the build holds is made here, of random weights."""
    from codesign.training.untrained import save_untrained

    work.build.run.mkdir()
    save_untrained(recipe, work.build.run)
    return _import_own_run(work, None)


def _import_own_run(work: _Work, kept: onnx.ModelProto | None) -> Network:
    """kept: the QONNX file of the run, if it has one; else it is made of the run's weights, by PyTorch."""
    build = work.build
    if work.argmax is not None and build.recipe is not None and not takes_indices(build.recipe):
        raise GraphError(
            f"its task is {build.recipe.task}, which chooses no classes by their scores",
            where=str(work.origin),
            remedy="leave --argmax out",
        )
    qonnx = kept or qonnx_of_run(build.run)
    write_bytes(build.qonnx, qonnx.SerializeToString())
    return import_network(qonnx, argmax=work.argmax)


def qonnx_of_run(run: Path) -> onnx.ModelProto:
    """A run's network as QONNX, made of its weights. Raises a CodesignError as `load_run` does."""
    from codesign.frontend.export import export_qonnx
    from codesign.training import load_run

    recipe, model = load_run(run)
    return export_qonnx(model, recipe)
