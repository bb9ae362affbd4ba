"""Netlists: what Yosys made of a design does what the design does, and where it does not, verify says so."""

import random
import re
import subprocess

import pytest

from codesign.emit.rtl import library
from codesign.emit.rtl.verilator import environment
from codesign.resources import rtl_dir
from codesign.synthesis import yosys
from codesign.synthesis.module import read
from codesign.synthesis.netlist import cell_models, started_at_random

FAMILIES = ("xc7", "ecp5")

BENCH = """
module bench (
    input wire clk_i,
    output int bad,
    output int read
);
  localparam int WIDTH = {width};
  localparam int DEPTH = {depth};
  localparam int BITS = $clog2(DEPTH);
  logic [31:0] random = 1;
  int cycle = 0;
  wire [BITS-1:0] waddr = BITS'((random >> 8) % DEPTH), raddr = random[7] ? waddr : BITS'((random >> 13) % DEPTH);
  wire wen = random[0] || cycle < 3 * DEPTH, ren = random[1] || random[2];
  wire [WIDTH-1:0] data = WIDTH'({{8{{random * 32'd2654435761}}}});
  wire [BITS-1:0] sweep = BITS'(cycle % DEPTH);
  wire filling = cycle < DEPTH;
  logic [WIDTH-1:0] expected, got;
  logic compared = 0;
  ram #(.DEPTH(DEPTH), .WIDTH(WIDTH), .BLOCK(1)) original (
      .clk_i, .wen_i(filling || wen), .waddr_i(filling ? sweep : waddr), .data_i(data),
      .ren_i(ren), .raddr_i(raddr), .data_o(expected)
  );
  netlist made (
      .clk_i, .wen_i(filling || wen), .waddr_i(filling ? sweep : waddr), .data_i(data),
      .ren_i(ren), .raddr_i(raddr), .data_o(got)
  );
  always_ff @(posedge clk_i) begin
    random <= random[0] ? (random >> 1) ^ 32'hA3000000 : random >> 1;
    cycle <= cycle + 1;
    compared <= compared || (!filling && ren);
    if (compared) begin
      read <= read + 1;
      if (expected !== got) bad <= bad + 1;
    end
  end
endmodule
"""

ROM_BENCH = """
module bench (
    input wire clk_i,
    output int bad,
    output int read
);
  localparam int WIDTH = {width};
  localparam int DEPTH = {depth};
  logic [31:0] random = 1;
  wire [$clog2(DEPTH)-1:0] addr = $clog2(DEPTH)'(random % DEPTH);
  logic [WIDTH-1:0] expected, got;
  logic compared = 0;
  rom #(.DEPTH(DEPTH), .WIDTH(WIDTH), .BLOCK(1), .DATA_FILE("words.mem")) original (
      .clk_i, .en_i(random[9]), .addr_i(addr), .data_o(expected)
  );
  netlist made (.clk_i, .en_i(random[9]), .addr_i(addr), .data_o(got));
  always_ff @(posedge clk_i) begin
    random <= random[0] ? (random >> 1) ^ 32'hA3000000 : random >> 1;
    compared <= compared || random[9];
    if (compared) begin
      read <= read + 1;
      if (expected !== got) bad <= bad + 1;
    end
  end
endmodule
"""

MAIN = """
#include <cstdio>
#include "Vbench.h"
int main() {
    Vbench bench;
    for (int i = 0; i < 40000; i++) { bench.clk_i = i & 1; bench.eval(); }
    std::printf("%d %d", bench.bad, bench.read);
}
"""


def memory_netlist(folder, family, module, width, depth):
    """The netlist of a memory of the library, as module `netlist`, and the models of its cells."""
    parameters = {"DEPTH": depth, "WIDTH": width, "BLOCK": 1}
    if module == "rom":
        draw = random.Random(0)
        (folder / "words.mem").write_text("".join(f"{draw.getrandbits(width):x}\n" for _ in range(depth)))
        parameters["DATA_FILE"] = "words.mem"
    sources = library.sources([module], rtl_dir())
    flow = yosys.flow(family, module)
    yosys.run(
        [read(sources, module, parameters), flow, f"rename {module} netlist", "write_verilog -noattr made.v"], folder
    )
    text = (folder / "made.v").read_text()
    (folder / "made.v").write_text("/* verilator lint_off PINMISSING */\n" + started_at_random(text, "test"))
    (folder / "cells.v").write_text(cell_models(family))
    return text, sources


def compared(folder, sources, bench):
    """Values that differ, of how many that were read."""
    (folder / "bench.sv").write_text(bench)
    (folder / "main.cpp").write_text(MAIN)
    command = ["verilator_bin", "--cc", "--exe", "--top-module", "bench", "-Wno-fatal", "-Wno-lint", "--no-timing"]
    files = [*map(str, sources), "cells.v", "made.v", "bench.sv", "main.cpp"]
    for step in ([*command, *files], ["make", "-C", "obj_dir", "-f", "Vbench.mk", "OPT_FAST=-O1"], ["obj_dir/Vbench"]):
        done = subprocess.run(step, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return tuple(map(int, done.stdout.split()))


@pytest.mark.parametrize(("module", "bench"), [("ram", BENCH), ("rom", ROM_BENCH)])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("width", "depth"),
    [
        (36, 600),
        *(
            pytest.param(*shape, marks=pytest.mark.slow)
            for shape in ((1, 20000), (2, 9000), (4, 5000), (9, 2500), (18, 1100), (64, 700), (7, 3000))
        ),
    ],
)
def test_the_models_of_block_ram_do_what_the_memory_does(module, bench, family, width, depth, tmp_path):
    text, sources = memory_netlist(tmp_path, family, module, width, depth)
    assert re.search(r"^  (RAMB\d\dE1|DP16KD) #", text, re.MULTILINE)
    bad, read = compared(tmp_path, sources, bench.format(width=width, depth=depth))
    assert (bad, read > 9000) == (0, True)
