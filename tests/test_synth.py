"""Synthesis: what is counted, what is synthesized again, and what is said when it cannot be done."""

import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.api.synth import compare
from codesign.cli.main import status
from codesign.emit.rtl import library
from codesign.errors import ToolError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.names import identifier
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.split import Split
from codesign.hardware.memory import block_ramb18, rom_ramb18
from codesign.resources import cache_folder, rtl_dir
from codesign.synthesis import place_and_route, synthesize_flat, synthesize_module, synthesize_network, yosys
from codesign.synthesis.module import read, statistics
from codesign.synthesis.utilization import Utilization, count
from tests.designs import built, designed


@pytest.fixture(scope="module")
def graph() -> Graph:
    """A split whose halves go through two convolutions of the same weights, and are joined again."""
    rng = np.random.default_rng(0)
    weight, bias = rng.integers(-7, 8, (4, 4, 1, 1)), rng.integers(-9, 9, 4)
    nodes = [Node("split", Split((4, 4)), ("image",))]
    for i in range(2):
        nodes.append(Node(f"half.{i}", Conv(weight, bias), (f"split.{i}",)))
        nodes.append(Node(f"half.{i}.act", Requant(np.array([3]), 0, 255, 8.0), (f"half.{i}",)))
    nodes.append(Node("joined", Concat(), ("half.0.act", "half.1.act")))
    return Graph("halves", {"image": TensorType((8, 4, 4), 0, 255)}, tuple(nodes), ("joined",))


@pytest.fixture(scope="module")
def design(graph):
    return designed(graph, fps=100_000)


@pytest.fixture(scope="module")
def build(design, tmp_path_factory):
    return built(design, tmp_path_factory.mktemp("synth") / "build")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Where commands keep netlists, too, and nothing else lies yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESIGN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield cache_folder("synthesis")


@pytest.fixture(scope="module")
def network(build, cache):
    return synthesize_network(build.rtl, cache=cache)


def module(name):
    return library.sources([name], rtl_dir())


def test_every_table_of_a_lut_ram_is_a_lut_and_what_the_slice_has_anyway_is_none():
    cells = {
        "LUT6": 3,
        "INV": 1,
        "SRL16E": 2,
        "RAM32M": 2,
        "RAM64X1D": 1,
        "CARRY4": 9,
        "MUXF7": 9,
        "FDRE": 5,
        "FDSE": 1,
    }
    cells |= {"RAMB36E1": 2, "RAMB18E1": 3, "DSP48E1": 4}
    assert count(cells, "xc7") == Utilization(lut=16, ff=6, bram36=3.5, dsp=4)
    assert count({"LUT4": 2, "CCU2C": 3, "TRELLIS_DPR16X4": 1, "PFUMX": 9}, "ecp5").lut == 14


@pytest.mark.parametrize("family", ["xc7", "ecp5"])
def test_a_skid_buffer_has_two_beats_and_two_flags(family):
    assert synthesize_module(module("stream_register"), "stream_register", {"WIDTH": 8}, family).ff == 18


@pytest.mark.parametrize(("block", "bram36"), [(0, 0), (1, 0.5)])
def test_a_memory_is_where_its_parameter_says(block, bram36):
    found = synthesize_module(module("ram"), "ram", {"DEPTH": 64, "WIDTH": 9, "BLOCK": block})
    assert (found.bram36, found.dsp) == (bram36, 0)
    assert found.lut >= (0 if block else 9)


def test_roms_of_any_shape_take_the_block_rams_that_the_cost_model_says(tmp_path):
    shapes = [(300, 20), (600, 40), (1100, 9), (1300, 30), (2304, 32), (3000, 14), (4608, 12), (6000, 8), (9000, 8)]
    shapes += [(10368, 8), (16384, 2), (20736, 4), (33000, 3)]
    ports, instances = ["input [15:0] addr, input clk"], []
    for depth, width in shapes:
        name, bits = f"rom_{depth}_{width}", (depth - 1).bit_length()
        (tmp_path / f"{name}.mem").write_text(
            "\n".join(f"{n * 0x9E3779B97F4A7 >> 20 & (1 << width) - 1:x}" for n in range(depth))
        )
        ports.append(f"output [{width - 1}:0] data_{name}")
        instances.append(
            f'rom #(.DEPTH({depth}), .WIDTH({width}), .BLOCK(1), .DATA_FILE("{name}.mem")) {name} '
            f"(.clk_i(clk), .en_i(1'b1), .addr_i(addr[{bits - 1}:0]), .data_o(data_{name}));"
        )
    (tmp_path / "top.sv").write_text(f"module top ({', '.join(ports)});\n" + "\n".join(instances) + "\nendmodule\n")
    commands = [read([*module("rom"), tmp_path / "top.sv"], "top", {}, "--keep-hierarchy")]
    commands += [f"setattr -mod -set keep_hierarchy 1 rom$top.rom_{depth}_{width}" for depth, width in shapes]
    commands += [f"{yosys.flow('xc7', 'top')} -run begin:map_ffram", statistics(tmp_path / "stat.json")]
    yosys.run(commands, tmp_path)
    found = {
        (depth, width): yosys.cells(tmp_path / "stat.json", f"rom$top.rom_{depth}_{width}") for depth, width in shapes
    }
    assert {shape: ramb18(cells) for shape, cells in found.items()} == {shape: rom_ramb18(*shape) for shape in shapes}


def ramb18(cells):
    return cells.get("RAMB18E1", 0) + 2 * cells.get("RAMB36E1", 0)


@pytest.mark.parametrize(("depth", "width"), [(9288, 8), (7000, 8), (2600, 12), (40000, 8)])
def test_registers_behind_the_block_rams_of_a_memory_leave_their_number(tmp_path, depth, width):
    commands = [read(module("ram"), "ram", {"DEPTH": depth, "WIDTH": width, "BLOCK": 1, "LATE": 1})]
    commands += [f"{yosys.flow('xc7', 'ram')} -run begin:map_ffram", statistics(tmp_path / "stat.json")]
    yosys.run(commands, tmp_path)
    cells = yosys.cells(tmp_path / "stat.json")
    assert ramb18(cells) == block_ramb18(depth, width)


def test_a_check_that_fails_at_elaboration_is_one_line(tmp_path):
    source = tmp_path / "m.sv"
    source.write_text('module m #(parameter int N = 1);\nif (N < 1) $fatal(1, "N = %0d", N);\nendmodule\n')
    with pytest.raises(ToolError, match="N = 0") as error:
        synthesize_module([source], "m", {"N": 0})
    assert "\n" not in str(error.value)


def test_the_whole_is_the_sum_of_all_instances(network, graph):
    instances = network.instances
    assert {identifier(node.name) for node in graph.nodes} < instances.keys()
    assert network.total.lut == sum(found.lut for found in instances.values())
    assert network.total.dsp == sum(found.dsp for found in instances.values()) > 0


def test_blocks_of_equal_contents_are_synthesized_once(network, cache):
    assert network.instances["half__0"] == network.instances["half__1"]
    kept = list(cache.glob("synth-*.json"))
    assert len(kept) < len(network.instances)


def test_only_what_has_changed_is_synthesized_again(network, build, cache, tmp_path):
    rtl = Path(shutil.copytree(build.rtl, tmp_path / "rtl"))
    before = set(cache.glob("*.json"))
    weights = rtl / "mem" / "half__1.weight.mem"
    first, rest = weights.read_text().split("\n", 1)
    weights.write_text(f"{int(first, 16) ^ 1:x}\n{rest}")
    synthesize_network(rtl, cache=cache)
    assert len(set(cache.glob("*.json")) - before) == 1


def test_flattened_the_top_is_no_larger(network, build):
    flat = synthesize_flat(build.rtl)
    assert (flat.dsp, flat.bram36) == (network.total.dsp, network.total.bram36)
    assert 0.7 * network.total.lut < flat.lut <= 1.02 * network.total.lut


def test_predictions_stand_beside_what_was_found(network, graph, design):
    result = compare(design, network)
    assert [figures.block for figures in result.blocks] == [node.name for node in graph.nodes]
    for figures in result.blocks:
        assert (figures.predicted.dsp, figures.predicted.bram36) == (
            figures.synthesized.dsp,
            figures.synthesized.bram36,
        )
    parts = [figures.synthesized.lut for figures in (*result.blocks, result.streams)]
    assert sum(parts) == result.total.synthesized.lut
    assert result.over == ()


def test_the_command_writes_the_figures_of_a_build(network, build, capfd):
    assert status(["synth", str(build.path)]) == 0
    text = capfd.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    figures = json.loads(build.synthesis.read_text())
    assert figures["total"]["synthesized"]["lut"] == network.total.lut
    assert f"{network.total.lut:,}" in text


def test_a_network_beyond_its_budget_ends_with_status_1(network, build, design, capfd):
    plan = design.schedule
    replace(plan, budget=replace(plan.budget, lut=network.total.lut - 1)).save(build.schedule)
    try:
        assert status(["synth", str(build.path), "--changed"]) == 1
    finally:
        plan.save(build.schedule)
    assert f"LUT {network.total.lut} of {network.total.lut - 1}" in capfd.readouterr().out


def test_without_yosys_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"pip install 'codesign\[synth\]'"):
        yosys.run(["help"], Path())
    with pytest.raises(ToolError, match=r"pip install 'codesign\[pnr\]'"):
        place_and_route(module("stream_register"), "stream_register", {})


def test_a_block_is_placed_between_registers_and_its_slowest_path_is_told():
    placed = place_and_route(module("stream_width"), "stream_width", {"CHANNELS": 4, "IN_LANES": 1, "OUT_LANES": 2})
    assert placed.clock_mhz > 100
    assert placed.used["TRELLIS_IO"] == 4
    start, end = placed.critical_ends
    assert start and end
    assert sum(hop.delay_ns for hop in placed.critical_path) == pytest.approx(1000 / placed.clock_mhz, abs=0.3)
