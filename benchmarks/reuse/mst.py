"""Binary layers with channels that share: tables of the synthesized layer, training that makes them share more, and the
time it takes to schedule one.

    python -m benchmarks.reuse.mst layers [--run RUN] [--only NAME ...]      needs: pip install 'codesign[synth,bench]'
    python -m benchmarks.reuse.mst training --work FOLDER
    python -m benchmarks.reuse.mst blocks RUN                                needs: pip install 'codesign[synth]'
    python -m benchmarks.reuse.mst scheduling

`training`: the recipe `fashion-binary` on smaller images (24 x 24), with and without the loss on what channels do not
share, on the first 20,000 training and 5,000 test images of Fashion-MNIST. kept: fraction of the binary
layers' bit operations a frame that is left of reuse along the trees. cpu_s: of the whole training; tree_share: part of
it that trees take. A run that FOLDER holds is not trained again; an interrupted one goes on.

`layers`: constant +-1 matrices over 1-bit inputs as combinational modules: XNOR-popcounts ("plain"), popcounts along
the minimum spanning tree ("mst"), da4ml's graph, latency free ("da4ml") and with hard_dc=2, our adder graph, no deeper
than the first of these ("mst_shared") or the second ("mst_shared_shallow"), neither in adder levels nor in LUTs on the
longest path of the netlist. Both sides are tried equally often: each of these four is the one of fewest LUTs, once
synthesized, of six, da4ml's by its six methods, ours under six bounds of the levels, and all that were tried are kept
as "tried". All go through one flow, Yosys `synth_xilinx -family xc7 -flatten`; its mapper (ABC) gives somewhat other
figures for other names and orders of the same logic. da4ml's Verilog is read by `read_verilog`, since its parts select
bits out of range, which slang refuses. Each graph, da4ml's and ours, is evaluated on the same VECTORS inputs and gives
the matrix's products for all of them. da4ml's inputs are 0 and 1: its outputs differ from ours by a constant a channel,
which thresholds take up.
lut: as `codesign.synthesis` counts. depth: most LUTs on a path of the netlist. adder_levels: of the graphs, a look-up
table or carry chain a level. "correlated": all rows are one pattern, each with 4.7 % of its signs changed, so that two
differ in 9 %. Seeds are 0.

`blocks`: wired layers of a trained run as blocks, with their windows: [predicted, synthesized] LUTs and flip-flops;
plain_lut: what the cost model says of counting every output by itself at that rate.

Figures are written to benchmarks/results/mst.json one by one; those that are there are kept.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import record
from codesign.cost.ops import binary_conv as price
from codesign.emit.rtl import adder_graph, library, popcounts
from codesign.emit.rtl.base import Block
from codesign.emit.rtl.ops import binary_conv
from codesign.errors import ScheduleError
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.hardware.ops import binary_conv as built
from codesign.resources import rtl_dir
from codesign.reuse.mst import reuse_tree
from codesign.reuse.sharing import shared_graph
from codesign.synthesis import synthesize_module, yosys
from codesign.synthesis.levels import lut_levels
from codesign.synthesis.module import read, statistics
from codesign.synthesis.utilization import Utilization, count

SOURCES = ("benchmarks/reuse/mst.py", "codesign/reuse/*.py", "codesign/emit/rtl/adder_graph.py", "rtl_sim/rtl/*.sv")
FLIPS = {"random": 0.5, "correlated": 0.047}
LAYERS = [(kind, *size) for size in ((32, 32), (64, 64), (144, 64)) for kind in FLIPS]
FORMS = ("da4ml", "mst_shared", "da4ml_hard_dc2", "mst_shared_shallow", "mst", "plain")
METHODS = ("wmc", "mc", "wmc-dc", "mc-dc", "wmc-pdc", "mc-pdc")
"""Methods of da4ml to choose what outputs share. Our graphs are tried under as many bounds."""
VECTORS = 1000
RIVALS = {"mst_shared": "da4ml", "mst_shared_shallow": "da4ml_hard_dc2"}
"""Our adder graphs, and the graph that each may not be deeper than."""
CHANNELS = (64, 128, 256, 512, 1024, 2048)
BITS = 4608
LOSS_WEIGHTS = (0.0, 0.25, 0.5)
SEEDS = (0, 1, 2)
PARTS = ("bit_sum", "window_bits")
"""Modules of the library that a wired block is made of."""

TRAINING = (
    "data.image_size=24",
    "data.train_images=20000",
    "data.val_images=5000",
    "training.float_phase.epochs=2",
    "training.quantized_phase.epochs=12",
)


Figures = dict[str, Any]


def matrices(run: Path | None) -> dict[str, np.ndarray]:
    """(C, n) of +-1 by name: random ones, and those of a trained run that may be built as a graph."""
    found = {f"{kind}-{inputs}x{outputs}": weights(kind, inputs, outputs) for kind, inputs, outputs in LAYERS}
    if run is not None:
        from codesign.nn.binary import BinaryConv2d
        from codesign.training.channel_reuse import binary_signs
        from codesign.training.run import load_run

        for name, layer in load_run(run)[1].named_modules():
            if isinstance(layer, BinaryConv2d) and layer.weight.numel() <= built.MOST_WIRED:
                found[f"{run.name}:{name.removesuffix('.conv')}"] = binary_signs(layer.weight)
    return found


def weights(kind: str, inputs: int, outputs: int) -> np.ndarray:
    """(C, n) of +-1."""
    rng = np.random.default_rng(0)
    pattern = rng.choice([-1, 1], (1, inputs))
    return pattern * np.where(rng.random((outputs, inputs)) < FLIPS[kind], -1, 1)


def plain(weight: np.ndarray, folder: Path) -> Figures:
    return synthesized(_ours(popcounts.plain_module(weight, "layer"), folder), folder)


def mst(weight: np.ndarray, folder: Path) -> Figures:
    return synthesized(_ours(popcounts.reuse_module(reuse_tree(weight), "layer"), folder), folder)


def mst_shared(weight: np.ndarray, folder: Path, levels: int, depth: int) -> dict[str, Any]:
    """The cheapest of our graphs with at most `levels` adder levels and, once synthesized, `depth` LUTs on a path."""
    tried: list[Figures] = []
    bound = levels
    while len(tried) < len(METHODS):
        try:
            graph = shared_graph(weight, bound)
        except ScheduleError:  # none is so shallow
            break
        check(weight, lambda bits, graph=graph: 2 * graph.evaluate(bits) + weight.shape[1] % 2, plus_minus=True)
        found = synthesized(_ours(adder_graph.module(graph, "layer"), folder), folder)
        tried.append(found | {"adder_levels": graph.depth, "lut_estimate": graph.lut})
        bound = graph.depth - 1
    return cheapest([figures for figures in tried if figures["depth"] <= depth]) | {"tried": tried}


def da4ml(weight: np.ndarray, folder: Path, hard_dc: int = -1) -> dict[str, Any]:
    """The cheapest of da4ml's graphs for a bound of their latency, of each of its methods one."""
    tried = []
    for method in METHODS:
        logic = _da4ml_graph(weight, method0=method, hard_dc=hard_dc)
        check(weight, lambda bits, logic=logic: logic.predict(bits.astype(np.float64)), plus_minus=False)
        figures = synthesized(_da4mls(logic, folder), folder)
        tried.append(figures | {"adder_levels": _da4ml_levels(logic), "method": method})
    return {key: value for key, value in cheapest(tried).items() if key != "method"} | {"tried": tried}


def cheapest(tried: list[Figures]) -> Figures:
    return min(tried, key=lambda figures: (figures["lut"], figures["depth"]))


def check(weight: np.ndarray, products: Callable[[np.ndarray], np.ndarray], *, plus_minus: bool) -> None:
    """Raises ValueError if a graph does not compute the matrix. plus_minus: its inputs stand for -1 and 1."""
    bits = np.random.default_rng(0).integers(0, 2, (VECTORS, weight.shape[1]))
    bits[:2] = [[0], [1]]
    expected = (2 * bits - 1 if plus_minus else bits) @ weight.T
    if not np.array_equal(products(bits), expected):
        raise ValueError("a graph does not compute its matrix")


def _ours(text: str, folder: Path) -> str:
    """The Yosys command that reads module `layer`."""
    (folder / "layer.sv").write_text(text)
    return read([rtl_dir() / "bit_sum.sv", folder / "layer.sv"], "layer", {})


def _da4ml_graph(weight: np.ndarray, **options: int | str) -> Any:
    from da4ml.trace import FixedVariableArray, comb_trace

    inputs = weight.shape[1]
    bits = FixedVariableArray.from_kif(np.zeros(inputs), np.ones(inputs), np.zeros(inputs), solver_options=options)
    return comb_trace(bits, bits @ np.ascontiguousarray(weight.T, np.float64))


def _da4mls(logic: Any, folder: Path) -> str:
    """The Yosys command that reads da4ml's module `layer`."""
    import da4ml.codegen.rtl.verilog as verilog
    from da4ml.codegen.rtl.verilog.comb import comb_logic_gen

    (folder / "layer.v").write_text(comb_logic_gen(logic, "layer"))
    parts = Path(verilog.__file__).parent / "source"
    files = [folder / "layer.v", parts / "shift_adder.v", parts / "negative.v"]
    return f"read_verilog {' '.join(map(str, files))}"


def _da4ml_levels(logic: Any) -> int:
    """Adders one behind the other."""
    level: list[int] = []
    for op in logic.ops:
        if op.opcode not in (-1, 0, 1):
            raise ValueError(f"an operation of da4ml that is neither input nor adder: {op}")
        level.append(0 if op.opcode < 0 else 1 + max(level[op.id0], level[op.id1]))
    return max(level[index] for index in logic.out_idxs if index >= 0)


def synthesized(command: str, folder: Path) -> Figures:
    """LUTs and depth of module `layer` as `command` reads it."""
    stat, netlist = folder / "stat.json", folder / "netlist.json"
    commands = [command, yosys.flow("xc7", "layer")]
    yosys.run([*commands, statistics(stat), f"write_json {netlist}"], folder)
    return {"lut": count(yosys.cells(stat), "xc7").lut, "depth": lut_levels(netlist, "layer")}


def measure_layers(only: list[str], run: Path | None) -> None:
    rows = {row["name"]: row for row in kept("layers")}
    found = matrices(run)
    for form in FORMS:
        for name, weight in found.items():
            if only and name not in only:
                continue
            row = rows.setdefault(name, {"name": name, "inputs": weight.shape[1], "outputs": weight.shape[0]})
            if form in row.get("lut", {}):
                continue
            with tempfile.TemporaryDirectory(prefix="mst_") as scratch:
                figures = measured(form, weight, row, Path(scratch))
            for key, value in figures.items():
                row.setdefault(key, {})[form] = value
            print(name, form, figures, flush=True)
            save("layers", [row for row in rows.values() if "lut" in row])


def measured(form: str, weight: np.ndarray, row: dict[str, Any], folder: Path) -> Figures:
    """row: what was measured of the layer so far; our graphs may be no deeper than da4ml's."""
    match form:
        case "plain":
            return plain(weight, folder)
        case "mst":
            return mst(weight, folder)
        case "da4ml":
            return da4ml(weight, folder)
        case "da4ml_hard_dc2":
            return da4ml(weight, folder, hard_dc=2)
    rival = RIVALS[form]
    return mst_shared(weight, folder, row["adder_levels"][rival], row["depth"][rival])


def measure_blocks(run: Path) -> None:
    """The fastest wired form of every layer of a trained run that has one."""
    from codesign.frontend.export import export_qonnx
    from codesign.frontend.qonnx import import_qonnx
    from codesign.training.run import load_run

    recipe, network = load_run(run)
    graph = import_qonnx(export_qonnx(network, recipe))
    rows = []
    for node in graph.nodes:
        if not isinstance(node.op, BinaryConv):
            continue
        types = graph.input_types(node), graph.output_types(node)
        wired = [folding for folding in built.foldings(node.op, *types) if folding.wired]
        if not wired:
            continue
        folding = max(wired)
        predicted = price.cost(node.op, *types, folding)
        with tempfile.TemporaryDirectory(prefix="mst_") as scratch:
            found = synthesized_block(binary_conv.block("layer", node.op, *types, folding), Path(scratch))
        row = {"name": f"{run.name}:{node.name}", "inputs": node.op.inputs, "outputs": types[1][0].channels}
        row |= {"cycles": predicted.interval_cycles, "lut": [predicted.lut, found.lut], "ff": [predicted.ff, found.ff]}
        rows.append(row | {"plain_lut": price.plain_lut(node.op, *types, folding)})
        print(rows[-1], flush=True)
        save("blocks", rows)


def synthesized_block(block: Block, folder: Path) -> Utilization:
    """What a wired block takes, its window included."""
    for source in block.sources:
        source.write(folder)
    own = [folder / f"{source.module}.sv" for source in block.sources]
    return synthesize_module([*own, *library.sources(PARTS, rtl_dir())], block.module, {}, folder=folder)


def measure_scheduling() -> None:
    rows = []
    for channels in CHANNELS:
        weight = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (channels, BITS))
        started = time.process_time()
        tree = reuse_tree(weight)
        seconds = time.process_time() - started
        rows.append({"channels": channels, "bits": BITS, "seconds": round(seconds, 3), "kept": round(tree.kept, 4)})
        rows[-1]["depth"] = tree.depth
        print(rows[-1], flush=True)
        save("scheduling", rows)


def measure_training(work: Path) -> None:
    from codesign.api.train import train
    from codesign.recipe import load_recipe
    from codesign.training.run import load_run

    rows = kept("training")
    for seed in SEEDS:
        for weight in LOSS_WEIGHTS:
            if any((row["seed"], row["loss_weight"]) == (seed, weight) for row in rows):
                continue
            loss = [f"training.reuse={{weight: {weight}}}"] if weight else []
            run = work / f"weight{weight:g}-seed{seed}"
            recipe = load_recipe("fashion-binary", [*TRAINING, *loss, f"seed={seed}"])
            started = time.process_time()
            result = train(recipe, run, resume=(run / "recipe.yaml").is_file())
            seconds = time.process_time() - started
            row = {"network": recipe.name, "loss_weight": weight, "seed": seed, "accuracy": result.accuracy}
            row |= reuse(load_run(run)[1], recipe.data.image_size) | {"cpu_s": round(seconds, 1)}
            if weight:
                row["tree_share"] = round(row["trees_s"] * computed(recipe) / seconds, 4)
            rows.append(row)
            print(rows[-1], flush=True)
            save("training", rows)


def reuse(network: Any, size: int) -> dict[str, Any]:
    """What is kept of a network's bit operations, and of each layer's; depths of the trees. size: of the image."""
    import torch

    from codesign.nn.binary import BinaryConv2d
    from codesign.training.channel_reuse import binary_signs

    kept, depth, operations, seconds = {}, {}, [], []

    def measure(name: str, pixels: int, weight: Any) -> None:
        started = time.process_time()
        tree = reuse_tree(binary_signs(weight))
        seconds.append(time.process_time() - started)
        kept[name], depth[name] = round(tree.kept, 4), tree.depth
        operations.append((tree.total * pixels, tree.weight.size * pixels))

    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, BinaryConv2d)}
    for name, layer in layers.items():
        layer.register_forward_hook(
            lambda layer, _, out, name=name: measure(
                name.removesuffix(".conv"), out.shape[2] * out.shape[3], layer.weight
            )
        )
    with torch.no_grad():
        network.raw_heads(torch.zeros(1, 3, size, size))
    left, whole = map(sum, zip(*operations, strict=True))
    trees = {"kept_by_layer": kept, "depth_by_layer": depth, "trees_s": round(sum(seconds), 4)}
    return {"kept": round(left / whole, 4)} | trees


def computed(recipe: Any) -> int:
    """How often a training computes its trees."""
    batches = recipe.data.train_images // recipe.training.batch_size
    return recipe.training.quantized_phase.epochs * -(-batches // recipe.training.reuse.interval)


def kept(part: str) -> list[dict[str, Any]]:
    """The rows of a part that this code has made: a measurement goes on from there."""
    return record.load("mst")[part] if record.fresh("mst", part, SOURCES) else []


def save(part: str, rows: list[dict[str, Any]]) -> None:
    """Replaces a part of the results; what other subcommands have written stays."""
    record.save("mst", record.load("mst") | {part: rows}, SOURCES, part=part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    layers = commands.add_parser("layers")
    layers.add_argument("--run", type=Path, help="a trained run, whose binary layers are measured too")
    layers.add_argument("--only", nargs="*", default=[], help="names of layers")
    training = commands.add_parser("training")
    training.add_argument("--work", type=Path, required=True, help="folder of the runs")
    commands.add_parser("scheduling")
    blocks = commands.add_parser("blocks")
    blocks.add_argument("run", type=Path)
    options = parser.parse_args()
    if options.command == "layers":
        measure_layers(options.only, options.run)
    elif options.command == "blocks":
        measure_blocks(options.run)
    elif options.command == "training":
        measure_training(options.work)
    else:
        measure_scheduling()


if __name__ == "__main__":
    main()
