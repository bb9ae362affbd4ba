"""Which networks of others are read, and whether every value of the fast stages is exact.

    python -m benchmarks.field.networks [--files FOLDER] [--only TEXT] [--images 2] [--hardware]

Takes the files in FOLDER (ONNX, QONNX, TFLite), Brevitas' example networks, and the networks of `torch_nets` as
onnxruntime's quantize_static makes them: unsigned activations and a scale per channel of weights, and all signed. Every
file that is read runs in its own runtime, in the integer graph and, as the standard ONNX that we emit, in ONNX Runtime.
With --hardware those of `hardware.NETWORKS` go through the compiled HLS project and the simulated RTL, too.
A refusal is kept with its reason. Figures: benchmarks/results/networks.json, which is written after every network; with
--only those whose names hold TEXT are judged and the others kept.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from benchmarks.field import hardware, torch_nets
from benchmarks.record import RTL, SCHEDULER, load, save
from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.errors import CodesignError
from codesign.frontend.files import import_file
from codesign.frontend.inputs import declared, network_inputs, with_types
from codesign.frontend.network import Network
from codesign.frontend.qonnx import import_network
from codesign.frontend.run import run_qonnx
from codesign.frontend.tflite.parse import is_tflite
from codesign.frontend.tflite.run import run_tflite
from codesign.graph import Graph, IntArray, execute
from codesign.graph.reals import random_integers
from codesign.verification.compare import compare
from codesign.verification.reference import Reference
from codesign.verification.ties import Judge

NAME = "networks"
FAST = ("codesign/frontend/**/*.py", "codesign/graph/**/*.py", "codesign/emit/onnx/**/*.py", "benchmarks/field/*.py")
SOURCES = (*FAST, *SCHEDULER, *RTL, "codesign/emit/hls/**/*", "hls/*.h")
FORMS = {"u8s8": (True, True), "s8s8": (False, False)}
"""Settings of quantize_static: whether activations are unsigned, and whether weights have a scale per channel."""


@dataclass(frozen=True)
class Result:
    """What became of a file. tensors, values: compared in all stages; wrong: values that differ and are no ties; ties:
    values that differ as float32 may; reason: why it was refused."""

    name: str
    source: str
    format: str
    imported: bool
    tensors: int = 0
    values: int = 0
    wrong: int = 0
    ties: int = 0
    stages_exact: tuple[str, ...] = ()
    seconds: float = 0.0
    tail: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """A file to be made, or to be read. input_type: what is said of an input that the file says nothing of."""

    name: str
    source: str
    format: str
    make: Callable[[Path], Path]
    input_type: str = "uint8/255"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=Path, action="append", default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--hardware", action="store_true", help="HLS and RTL, too")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = {row["name"]: row for row in load(NAME).get("files", [])}
    chosen = [entry for entry in entries(options.files) if options.only in entry.name]
    with tempfile.TemporaryDirectory() as scratch:
        for entry in chosen:
            found = judged(entry, Path(scratch), options.images, hls_and_rtl=options.hardware)
            rows[entry.name] = asdict(found)
            print(line(found), flush=True)
            keep(rows, hardware=options.hardware, whole=False)
    if not options.only:
        keep({entry.name: rows[entry.name] for entry in chosen}, hardware=options.hardware, whole=True)
    read, wrong = (sum(rows[entry.name][key] for entry in chosen) for key in ("imported", "wrong"))
    print(f"{read} of {len(chosen)} are read, {wrong} values are wrong")


def keep(rows: Mapping[str, Any], *, hardware: bool, whole: bool) -> None:
    """Writes the result. whole: every network was judged now."""
    save(NAME, {"files": list(rows.values())}, SOURCES if hardware else FAST, whole=whole)


def entries(folders: list[Path]) -> Iterator[Entry]:
    for folder in folders:
        for suffix, format_ in ((".onnx", "QONNX"), (".tflite", "TFLite")):
            for file in sorted(folder.glob(f"*{suffix}")):
                yield Entry(file.stem, "file", format_, lambda _, file=file: file)
    yield from (Entry(f"brevitas-{name}", "brevitas_examples.bnn_pynq", "QONNX", bnn_pynq(name)) for name in BNN_PYNQ)
    for name in torch_nets.NETS:
        for form in FORMS:
            yield Entry(f"{name}-{form}", "onnxruntime quantize_static", "QDQ", quantized(name, form))


BNN_PYNQ = (
    *(f"{family}_{bits}" for family in ("tfc", "sfc", "cnv") for bits in ("1w1a", "1w2a", "2w2a")),
    "lfc_1w1a",
    "lfc_1w2a",
    "resnet18_4w4a",
)


def bnn_pynq(name: str) -> Callable[[Path], Path]:
    """Brevitas' example network, untrained, in QONNX."""

    def make(folder: Path) -> Path:
        import torch
        from brevitas.export import export_qonnx
        from brevitas_examples.bnn_pynq.models import model_with_cfg

        torch.manual_seed(0)
        net, shape = model_with_cfg(name, pretrained=False)[0].train(), (1, 28, 28) if "fc" in name else (3, 32, 32)
        with torch.no_grad():
            for _ in range(2):
                net(torch.rand(8, *shape))
        file = folder / f"{name}.onnx"
        export_qonnx(net.eval(), args=torch.rand(1, *shape), export_path=str(file), dynamo=False)
        return file

    return make


def quantized(name: str, form: str) -> Callable[[Path], Path]:
    """A network of `torch_nets`, quantized on random pictures."""

    def make(folder: Path) -> Path:
        import torch
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        shape = torch_nets.NETS[name][1]
        pictures = [np.random.default_rng(i).random((1, *shape), np.float32) for i in range(4)]

        class Pictures(CalibrationDataReader):
            def get_next(self) -> dict[str, np.ndarray] | None:
                return {"image": pictures.pop()} if pictures else None

        stages = [folder / f"{name}.{stage}.onnx" for stage in ("float", "ready", form)]
        example = (torch.rand(1, *shape),)
        torch.onnx.export(torch_nets.made(name), example, str(stages[0]), input_names=["image"], dynamo=False)
        quant_pre_process(stages[0], stages[1], skip_symbolic_shape=True)
        unsigned, per_channel = FORMS[form]
        quantize_static(
            stages[1],
            stages[2],
            Pictures(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8 if unsigned else QuantType.QInt8,
            weight_type=QuantType.QInt8,
            per_channel=per_channel,
        )
        return stages[2]

    return make


def judged(entry: Entry, folder: Path, images: int, *, hls_and_rtl: bool) -> Result:
    """Makes the file, reads it and compares its stages; hls_and_rtl: these too, if it is one of those."""
    path = entry.make(folder)
    start = time.perf_counter()
    try:
        model, network = imported(path, entry.input_type)
    except CodesignError as error:
        seconds = round(time.perf_counter() - start, 1)
        return Result(entry.name, entry.source, entry.format, False, seconds=seconds, reason=str(error))
    seconds = round(time.perf_counter() - start, 1)
    built = hls_and_rtl and entry.name in hardware.NETWORKS
    compared = _compared(path, model, network.graph, images, built=built)
    tail = tuple(node.op_type for node in network.tail.graph.node) if network.tail else ()
    return Result(entry.name, entry.source, entry.format, True, **compared, seconds=seconds, tail=tail)


def imported(path: Path, input_type: str) -> tuple[onnx.ModelProto | None, Network]:
    """The file, if it is ONNX, with a type for an input of which it says none; and what becomes of it."""
    if is_tflite(path):
        return None, import_file(path)
    model = onnx.load(path)
    try:
        return model, import_network(model)
    except CodesignError:
        if declared(model):
            raise
        model = with_types(model, [f"{network_inputs(model.graph)[0].name}={input_type}"])
        return model, import_network(model)


def _compared(path: Path, model: onnx.ModelProto | None, graph: Graph, count: int, *, built: bool) -> dict[str, object]:
    ((source, kind),) = graph.inputs.items()
    images = random_integers(np.random.default_rng(0), kind, count)
    emitted, reference = emit_qcdq(graph), Reference(graph, images)
    own = ("qonnx", run_qonnx(model, graph, images)) if model else ("litert", run_tflite(path, graph, images))
    shown = (
        own,
        ("onnxruntime", run_onnxruntime(emitted, graph, images, graph.types)),
        ("graph", _one_by_one(graph, source, images)),
        *(hardware.through_hardware(graph, images) if built else ()),
    )
    tensors = values = wrong = ties = 0
    exact = []
    for stage, found in shown:
        judge = Judge(model, graph) if stage == "qonnx" and model else None
        result = compare(stage, reference, [found], lambda *_: None, judge)
        tensors, values, ties = tensors + result.tensors, values + result.values, ties + len(result.ties)
        wrong += result.mismatch is not None
        exact += [stage] if result.mismatch is None else []
        if result.mismatch:
            print(result.mismatch)
    return {"tensors": tensors, "values": values, "wrong": wrong, "ties": ties, "stages_exact": tuple(exact)}


def _one_by_one(graph: Graph, source: str, images: IntArray) -> dict[str, IntArray]:
    frames = [execute(graph, {source: image[None]}, keep=graph.types) for image in images]
    return {name: np.concatenate([frame[name] for frame in frames]) for name in graph.types}


def line(result: Result) -> str:
    if not result.imported:
        return f"{result.name:28s} {result.seconds:5.1f} s  refused: {result.reason[:150]}"
    verdict = f"{result.wrong} wrong" if result.wrong else "exact"
    tail = f"; host: {' '.join(result.tail)[:50]}" if result.tail else ""
    built = ", HLS and RTL" if "rtl" in result.stages_exact else ""
    found = f"{result.values:9,} values, {result.ties} ties, {verdict}{built}"
    return f"{result.name:28s} {result.seconds:5.1f} s  {found}{tail}"


if __name__ == "__main__":
    main()
