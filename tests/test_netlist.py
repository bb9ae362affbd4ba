"""Netlists: what Yosys made of a design does what the design does, and where it does not, verify says so."""

import functools
import importlib.util
import itertools
import random
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

from codesign.api.verify import verify
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.emit.rtl import library
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.verilator import environment
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.resources import cache_folder, rtl_dir
from codesign.synthesis import yosys
from codesign.synthesis.module import read
from codesign.synthesis.netlist import cell_models, netlist_project, started_at_random
from codesign.synthesis.network import elaborate, key_of, verilog_file
from tests.designs import built, designed

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
    for (int i = 0; i < 100000; i++) { bench.clk_i = i & 1; bench.eval(); }
    std::printf("%d %d", bench.bad, bench.read);
}
"""


@functools.cache
def synthesized(family, module, width, depth):
    """The files that the synthesis of a memory of the library leaves, by name: its netlist and what a ROM holds."""
    parameters = {"DEPTH": depth, "WIDTH": width, "BLOCK": 1}
    with tempfile.TemporaryDirectory(prefix="netlist_") as folder:
        if module == "rom":
            draw = random.Random(0)
            words = "".join(f"{draw.getrandbits(width):x}\n" for _ in range(depth))
            Path(folder, "words.mem").write_text(words)
            parameters["DATA_FILE"] = "words.mem"
        elaborated = read(library.sources([module], rtl_dir()), module, parameters)
        renamed = [f"rename {module} netlist", "write_verilog -noattr made.v"]
        yosys.run([elaborated, yosys.flow(family, module), *renamed], Path(folder))
        return {file.name: file.read_text() for file in Path(folder).iterdir()}


def memory_netlist(folder, family, module, width, depth):
    """The netlist of a memory of the library, as module `netlist`, and the models of its cells."""
    files = synthesized(family, module, width, depth)
    for name, content in files.items():
        (folder / name).write_text(content)
    text = files["made.v"]
    (folder / "made.v").write_text("/* verilator lint_off PINMISSING */\n" + started_at_random(text, "test"))
    (folder / "cells.v").write_text(cell_models(family))
    return text, library.sources([module], rtl_dir())


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


MEMORIES = list(
    itertools.product(
        ((36, 600), (1, 20000), (2, 9000), (4, 5000), (9, 2500), (18, 1100), (64, 700), (7, 3000)),
        FAMILIES,
        (("ram", BENCH), ("rom", ROM_BENCH)),
    )
)
QUICK = (((36, 600), "xc7", "rom"), ((36, 600), "ecp5", "ram"))


@pytest.mark.parametrize(
    ("shape", "family", "module", "bench"),
    [
        pytest.param(
            *case[:2],
            *case[2],
            id=f"{case[2][0]}-{case[1]}-{case[0]}",
            marks=[] if (*case[:2], case[2][0]) in QUICK else pytest.mark.slow,
        )
        for case in MEMORIES
    ],
)
def test_the_models_of_block_ram_do_what_the_memory_does(shape, family, module, bench, tmp_path):
    width, depth = shape
    text, sources = memory_netlist(tmp_path, family, module, width, depth)
    assert re.search(r"^  (RAMB\d\dE1|DP16KD) #", text, re.MULTILINE)
    bad, read = compared(tmp_path, sources, bench.format(width=width, depth=depth))
    assert (bad, read > 9000) == (0, True)


def without_contents(text):
    """The first words of a memory lost, as where a tool leaves out what `initial` says."""
    return re.sub(r"(\.INIT(?:VAL)?_00\()\d+'h[0-9a-f]+", r"\g<1>0", text, count=1)


def test_a_memory_whose_contents_are_lost_is_seen_in_its_model(tmp_path):
    text, sources = memory_netlist(tmp_path, "xc7", "rom", 36, 600)
    lost = without_contents(text)
    assert lost != text
    (tmp_path / "made.v").write_text("/* verilator lint_off PINMISSING */\n" + lost)
    bad, read = compared(tmp_path, sources, ROM_BENCH.format(width=36, depth=600))
    assert 0 < bad < read


def test_undefined_initial_values_are_drawn_the_same_way_every_time():
    text = (
        "FDRE #(.INIT(1'hx)) a; RAM32M #(.INIT_A(64'hxxxxxxxxxxxx0f1e)) b; FDRE #(.INIT(1'h1)) c; FD #(.INIT(2'bx1)) d;"
    )
    first, second = started_at_random(text, "one"), started_at_random(text, "two")
    assert first == started_at_random(text, "one") != second
    assert "x" not in first.replace("0f1e", "")
    assert "0f1e)" in first and "c; FD #(.INIT(2'b" in first and ".INIT(1'h1)) c" in first
    assert re.search(r"\.INIT\(1'h[01]\)\) a", first) and re.search(r"2'b[01]1\)", first)


TARGETS = {"xc7": "pynq-z2", "ecp5": "ulx3s-85f"}


@pytest.fixture(scope="module")
def small(request, tmp_path_factory):
    """A build of one convolution with its activation, verified."""
    family = request.param
    rng = np.random.default_rng(1)
    conv = Node("conv", Conv(rng.integers(-7, 8, (2, 2, 3, 3)), rng.integers(-9, 9, 2), pads=(1, 1, 1, 1)), ("image",))
    nodes = (conv, Node("act", Requant(np.array([4]), 0, 255, 16.0), ("conv",)))
    graph = Graph("small", {"image": TensorType((2, 4, 4), 0, 255)}, nodes, ("act",))
    design = designed(graph, TARGETS[family], fps=200_000)  # a tap at a time, whose weights have both signs
    return family, built(design, tmp_path_factory.mktemp("netlist") / family)


def netlists_of(build, family):
    """Where the synthesized netlists of the design's blocks are kept."""
    project, cache = RtlProject.load(build.rtl), cache_folder("synthesis")
    keys = {key_of(text, family) for text in elaborate(project.sources, project.folder).values()}
    return [verilog_file(cache, key) for key in sorted(keys)]


def netlist_of(build, family):
    """The one that has a multiplier."""
    cell = {"xc7": "DSP48E1", "ecp5": "MULT18X18D"}[family]
    return next(file for file in netlists_of(build, family) if f"  {cell} " in file.read_text())


def without_sign(family, text):
    """The same netlist with an operand of its first multiplier taken for unsigned."""
    if family == "ecp5":
        return text.replace(".SIGNEDB(1'h1)", ".SIGNEDB(1'h0)", 1)
    sign = re.compile(r"\.(?P<port>[AB])\(\{ (?P<bit>[^,{}]+), (?:(?P=bit), )+")
    return sign.sub(lambda m: f".{m['port']}({{ {m[0].count(', ')}'h0, ", text, count=1)


@pytest.mark.parametrize("small", ["xc7", pytest.param("ecp5", marks=pytest.mark.slow)], indirect=True)
def test_the_netlist_of_a_block_is_exact_alone_and_in_its_place(small):
    family, build = small
    verdict = verify(build, images=3, stages=["netlist"])
    assert verdict.exact, str(verdict.first_mismatch)
    (stage,) = verdict.stages
    assert stage.name == "netlist" and stage.tensors >= len(build.graph.types) and stage.images == 3
    assert stage.values > 3 * sum(np.prod(kind.shape) for kind in build.graph.types.values())
    assert "rtl" in verdict.skipped
    assert netlist_of(build, family).is_file()


@pytest.mark.parametrize("small", ["xc7", pytest.param("ecp5", marks=pytest.mark.slow)], indirect=True)
def test_a_netlist_that_takes_a_signed_operand_for_unsigned_is_caught(small, tmp_path, monkeypatch, capfd):
    family, build = small
    netlist_project(RtlProject.load(build.rtl), family, tmp_path / "sound")
    copied = [(file, file.with_suffix(".json")) for file in netlists_of(build, family)]
    multiplier = netlist_of(build, family).name
    monkeypatch.setenv("CODESIGN_CACHE", str(tmp_path / "cache"))
    folder = cache_folder("synthesis")
    for file in (file for pair in copied for file in pair):
        shutil.copy(file, folder)
    file = folder / multiplier
    text = file.read_text()
    assert without_sign(family, text) != text
    file.write_text(without_sign(family, text))
    assert status(["verify", str(build.path), "--images", "2", "--stages", "netlist", "--family", family]) == 1
    assert "stage netlist, block conv" in " ".join(capfd.readouterr().out.split())


def test_without_yosys_a_netlist_is_refused_in_one_line(tiny_build, monkeypatch, capfd):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "pyosys" else found(name, *rest)
    )
    assert status(["verify", str(tiny_build), "--netlist"]) == 2
    said = capfd.readouterr().err
    assert "Yosys is not installed" in said and "codesign[synth]" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_netlists_of_a_network_with_every_block_are_exact(build_copy, family):
    verdict = verify(build_copy, images=2, stages=["netlist"], family=family)
    assert verdict.exact, str(verdict.first_mismatch)
    assert verdict.stages[0].tensors == len(open_build(build_copy).graph.types)
