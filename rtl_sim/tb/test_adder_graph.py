"""Binary matrices in SystemVerilog, as popcounts and as adder graphs, give the integers that NumPy gives."""

import subprocess

import numpy as np
import pytest

from codesign.emit.rtl import adder_graph, popcounts
from codesign.emit.rtl.verilator import environment
from codesign.resources import rtl_dir
from codesign.schedule.mst import reuse_tree
from codesign.schedule.sharing import shared_graph
from codesign.synthesis import synthesize_module

VECTORS = 64


def weights(channels: int, inputs: int, flips: float = 0.5) -> np.ndarray:
    """(C, n) of +-1 that differ from a common row in a fraction `flips`, one row a complement, one twice."""
    rng = np.random.default_rng(channels * 1000 + inputs)
    weight = rng.choice([-1, 1], (1, inputs)) * np.where(rng.random((channels, inputs)) < flips, -1, 1)
    weight[-1] = -weight[0]
    weight[channels // 2] = weight[0]
    return weight


def packed(values: np.ndarray, bits: int) -> list[str]:
    """A hexadecimal word for each row of `values`, element 0 lowest."""
    words = []
    for row in values:
        word = sum((int(value) & ((1 << bits) - 1)) << (place * bits) for place, value in enumerate(row))
        words.append(f"{word:0{-(-len(row) * bits // 4)}x}")
    return words


def simulate(folder, modules: list[tuple[str, int, int, int, np.ndarray, np.ndarray]]) -> str:
    """Feeds each (text, inputs, output bits, latency, x, y) its vectors, one a cycle, in one simulation; its log."""
    parts = ["module bench;", "  logic clk = 0;", "  int failures = 0;"]
    loop = []
    for index, (text, inputs, bits, latency, x, y) in enumerate(modules):
        (folder / f"m{index}.sv").write_text(text)
        (folder / f"x{index}.mem").write_text("\n".join(packed(x, 1)))
        (folder / f"y{index}.mem").write_text("\n".join(packed(y, bits)))
        clock = ".clk_i(clk), .ce_i(1'b1), " if latency else ""
        parts += [
            f"  logic [{inputs - 1}:0] x{index}, all_x{index}[{len(x)}];",
            f"  logic [{y.shape[1] * bits - 1}:0] y{index}, all_y{index}[{len(y)}];",
            f'  initial begin $readmemh("x{index}.mem", all_x{index}); $readmemh("y{index}.mem", all_y{index}); end',
            f"  m{index} dut{index} ({clock}.x_i(x{index}), .y_o(y{index}));",
        ]
        loop += [
            f"      x{index} = all_x{index}[t % {len(x)}]; #1;",
            f"      if (t >= {latency} && y{index} !== all_y{index}[(t - {latency}) % {len(y)}]) begin",
            f'        failures++; $display("module {index} differs at %0d", t); end',
        ]
    parts += ["  initial begin", "    #1;", f"    for (int t = 0; t < {VECTORS}; t++) begin", *loop]
    parts += ["      clk = 1; #1; clk = 0; #1;", "    end", '    $display("%0d failures", failures); $finish;', "  end"]
    (folder / "bench.sv").write_text("\n".join([*parts, "endmodule", ""]))
    sources = [rtl_dir() / "bit_sum.sv", *(folder / f"m{index}.sv" for index in range(len(modules)))]
    lint = ["verilator", "--lint-only", "-Wall", "-Wno-MULTITOP", "-Wno-DECLFILENAME", *map(str, sources)]
    subprocess.run(lint, check=True, capture_output=True, text=True, env=environment(), timeout=300)
    build = ["verilator", "--binary", "--top", "bench", "-Wno-fatal", "-O1", "--x-initial", "unique", "-CFLAGS"]
    build += ["-O0 -std=c++20 -fcoroutines", "--Mdir", "obj", *map(str, sources), "bench.sv"]
    subprocess.run(build, check=True, cwd=folder, capture_output=True, text=True, env=environment(), timeout=300)
    run = subprocess.run([str(folder / "obj/Vbench")], check=True, cwd=folder, capture_output=True, text=True)
    return run.stdout


def test_all_forms_give_their_sums_combinational_and_pipelined(tmp_path):
    rng = np.random.default_rng(0)
    modules = []
    for weight in (weights(9, 13), weights(12, 40), weights(10, 36, 0.1), weights(3, 2), np.array([[1]])):
        bits = rng.integers(0, 2, (VECTORS, weight.shape[1]))
        counts = (bits[:, None] == (weight > 0)).sum(axis=2)
        common = (weight.shape[1], popcounts.popcount_bits(weight.shape[1]), 0, bits, counts)
        modules.append((popcounts.plain_module(weight, f"m{len(modules)}"), *common))
        modules.append((popcounts.reuse_module(reuse_tree(weight), f"m{len(modules)}"), *common))
        graph = shared_graph(weight, trials=20)
        for stage in (None, 1, 3):
            text = adder_graph.module(graph, f"m{len(modules)}", stage)
            latency = adder_graph.latency_cycles(graph, stage)
            width = adder_graph.output_bits(graph)
            modules.append((text, weight.shape[1], width, latency, bits, graph.evaluate(bits)))
    assert "\n0 failures" in "\n" + simulate(tmp_path, modules)


@pytest.fixture(scope="module")
def channels() -> np.ndarray:
    return weights(12, 20)


def luts(folder, text: str) -> int:
    (folder / "m.sv").write_text(text)
    return synthesize_module([rtl_dir() / "bit_sum.sv", folder / "m.sv"], "m", {}).lut


def test_a_shared_graph_takes_fewer_luts_than_the_plain_form_and_about_those_it_says(channels, tmp_path):
    graph = shared_graph(channels, trials=20)
    found = luts(tmp_path, adder_graph.module(graph, "m"))
    assert found < luts(tmp_path, popcounts.plain_module(channels, "m"))
    assert found == pytest.approx(graph.lut, rel=0.15)
