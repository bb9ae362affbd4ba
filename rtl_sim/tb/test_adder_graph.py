"""Binary matrices in SystemVerilog, as popcounts and as adder graphs, give the integers that NumPy gives."""

import subprocess

import numpy as np
import pytest

from codesign import bench
from codesign.emit.rtl import adder_graph, popcounts
from codesign.emit.rtl.verilator import environment
from codesign.resources import rtl_dir
from codesign.reuse.mst import reuse_tree
from codesign.reuse.sharing import shared_graph
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


MAIN = """
#include "Vbench.h"
int main() {
  VerilatedContext context;
  Vbench bench{&context};
  while (!context.gotFinish()) {
    bench.clk_i = !bench.clk_i;
    bench.eval();
  }
}
"""


def simulate(folder, modules: list[tuple[str, int, int, int, np.ndarray, np.ndarray]]) -> str:
    """Feeds each (text, inputs, output bits, latency, x, y) its vectors, one a cycle, in one simulation; its log."""
    parts = ["module bench (input wire clk_i);", "  int cycle = 0, failures = 0;", "  always @(posedge clk_i) begin"]
    parts += ["    cycle <= cycle + 1;", f"    if (cycle == {VECTORS} + 20) begin"]
    parts += ['      $display("%0d failures", failures); $finish;', "    end", "  end"]
    for index, (text, inputs, bits, latency, x, y) in enumerate(modules):
        (folder / f"m{index}.sv").write_text(text)
        (folder / f"x{index}.mem").write_text("\n".join(packed(x, 1)))
        (folder / f"y{index}.mem").write_text("\n".join(packed(y, bits)))
        clock = ".clk_i, .ce_i(1'b1), " if latency else ""
        parts += [
            f"  logic [{inputs - 1}:0] x{index}, all_x{index}[{VECTORS}];",
            f"  logic [{y.shape[1] * bits - 1}:0] y{index}, all_y{index}[{VECTORS}];",
            f'  initial begin $readmemh("x{index}.mem", all_x{index}); $readmemh("y{index}.mem", all_y{index}); end',
            f"  m{index} dut{index} ({clock}.x_i(x{index}), .y_o(y{index}));",
            "  always @(posedge clk_i) begin",
            f"    x{index} <= all_x{index}[cycle % {VECTORS}];",
            f"    if (cycle > {latency} && y{index} !== all_y{index}[(cycle - {latency + 1}) % {VECTORS}]) begin",
            f'      failures = failures + 1; $display("module {index} differs in cycle %0d", cycle);',
            "    end",
            "  end",
        ]
    (folder / "bench.sv").write_text("\n".join([*parts, "endmodule", ""]))
    (folder / "main.cpp").write_text(MAIN)
    sources = [rtl_dir() / "bit_sum.sv", *(folder / f"m{index}.sv" for index in range(len(modules)))]
    lint = ["verilator", "--lint-only", "-Wall", "-Wno-MULTITOP", *map(str, sources)]
    build = ["verilator", "--cc", "--exe", "--build", "--top", "bench", "-Wno-fatal", "--Mdir", "obj"]
    build += [*bench.QUICK_BUILD, *map(str, sources), "bench.sv", "main.cpp"]
    tools = environment()
    for command in (lint, build, ["obj/Vbench"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=tools, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_all_forms_give_their_sums_combinational_and_pipelined(tmp_path):
    rng = np.random.default_rng(0)
    modules = []
    for weight in (weights(7, 13), weights(8, 40), np.array([[1]])):
        bits = rng.integers(0, 2, (VECTORS, weight.shape[1]))
        counts = (bits[:, None] == (weight > 0)).sum(axis=2)
        common = (weight.shape[1], popcounts.popcount_bits(weight.shape[1]), 0, bits, counts)
        modules.append((popcounts.plain_module(weight, f"m{len(modules)}"), *common))
        modules.append((popcounts.reuse_module(reuse_tree(weight), f"m{len(modules)}"), *common))
        graph = shared_graph(weight, trials=20)
        for stage in (None, 1, 3):
            text = adder_graph.module(graph, f"m{len(modules)}", stage)
            latency = graph.latency_cycles(stage)
            width = adder_graph.output_bits(graph)
            modules.append((text, weight.shape[1], width, latency, bits, graph.evaluate(bits)))
    assert simulate(tmp_path, modules).startswith("0 failures")


@pytest.fixture(scope="module")
def channels() -> np.ndarray:
    return weights(10, 20)


def luts(folder, text: str) -> int:
    (folder / "m.sv").write_text(text)
    return synthesize_module([rtl_dir() / "bit_sum.sv", folder / "m.sv"], "m", {}).lut


def test_a_shared_graph_takes_fewer_luts_than_the_plain_form(channels, tmp_path):
    graph = shared_graph(channels, trials=20)
    found = luts(tmp_path, adder_graph.module(graph, "m"))
    assert found < 0.8 * luts(tmp_path, popcounts.plain_module(channels, "m"))
    assert graph.lut <= found < 1.5 * graph.lut
