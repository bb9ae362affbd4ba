"""The package for the board: the scripts for the vendor's tools run in a real Tcl interpreter, and join what exists."""

import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from codesign.board import driver
from codesign.board.records import Records
from codesign.build_folder import open_build
from codesign.emit.board import emit_board
from codesign.emit.driver.system import CONVERTER_BYTES, Channel
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.verilator import environment
from codesign.errors import TargetError
from codesign.targets import load_target, target_names
from tests import sparse
from tests.streamed import emit, small
from tests.vendor_scripts import run_script

AXIS, AXI = "axis", "aximm"
OTHERS = [name for name in target_names() if load_target(name).overlay and name != "pynq-z2"]


@dataclass
class Design:
    """What the calls amount to: files, cells with their settings, wires and addresses."""

    files: list = field(default_factory=list)
    cells: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    interfaces: list = field(default_factory=list)
    wires: list = field(default_factory=list)
    addresses: dict = field(default_factory=dict)


def read_calls(calls):
    design = Design()
    for name, *words in calls:
        if name == "add_files":
            design.files += words[-1].split()
        elif name == "create_bd_cell":
            design.cells[words[-1]] = words[words.index("-vlnv") + 1]
        elif name == "set_property" and words[0] == "-dict":
            pairs = words[1].split()
            design.settings.setdefault(words[2], {}).update(zip(pairs[::2], pairs[1::2], strict=True))
        elif name == "set_property" and words[0].startswith("CONFIG."):
            design.settings.setdefault(words[2], {})[words[0]] = words[1]
        elif name == "connect_bd_intf_net":
            design.interfaces.append(tuple(words))
        elif name == "connect_bd_net":
            design.wires.append(tuple(words))
        elif name == "assign_bd_address" and words:
            design.addresses[words[-1]] = int(words[words.index("-offset") + 1], 0)
    return design


def ports_of_top(rtl):
    """Widths of the ports of `top.sv`, by name."""
    header = (rtl / "top.sv").read_text().split(");", 1)[0]
    found = re.findall(r"(?:input|output) +wire (?:\[(\d+):0\] )?(\w+)", header)
    return {name: int(high or 0) + 1 for high, name in found}


def accelerator(rtl):
    """Interfaces and pins of the IP, from the ports of `top.sv` that it wraps."""
    ports = ports_of_top(rtl)
    interfaces = {"s_axil": ("slave", AXI)}
    for name in ports:
        if name.endswith("_tvalid"):
            interfaces[name.removesuffix("_tvalid")] = ("slave" if name.startswith("s_axis") else "master", AXIS)
    if "m_axi_weights_arvalid" in ports:
        interfaces["m_axi_weights"] = ("master", AXI)
    return interfaces, {"aclk": "clock", "aresetn": "reset"}


def vendor_cell(vlnv, settings):
    """Interfaces and pins that the vendor's IP has under these settings, by its product guides."""
    kind = vlnv.split(":")[2]
    on = {key.removeprefix("CONFIG.") for key, value in settings.items() if value == "1"}
    if kind == "processing_system7":
        interfaces = {"M_AXI_GP0": ("master", AXI)} if "PCW_USE_M_AXI_GP0" in on else {}
        interfaces |= {f"S_AXI_HP{i}": ("slave", AXI) for i in range(4) if f"PCW_USE_S_AXI_HP{i}" in on}
        pins = {f"{name}_ACLK": "clock" for name in interfaces}
        return interfaces, pins
    if kind == "zynq_ultra_ps_e":  # presets of boards switch its masters on
        off = {key.removeprefix("CONFIG.") for key, value in settings.items() if value == "0"}
        masters = {f"PSU__USE__M_AXI_GP{i}": name for i, name in enumerate(("HPM0_FPD", "HPM1_FPD", "HPM0_LPD"))}
        names = {f"M_AXI_{name}": ("master", AXI) for key, name in masters.items() if key not in off}
        names |= {f"S_AXI_HP{i}_FPD": ("slave", AXI) for i in range(4) if f"PSU__USE__S_AXI_GP{i + 2}" in on}
        return names, {f"{name.replace('_AXI_', 'axi').lower()}_aclk": "clock" for name in names}
    if kind == "smartconnect":
        sides = {"S": ("slave", "CONFIG.NUM_SI"), "M": ("master", "CONFIG.NUM_MI")}
        interfaces = {
            f"{side}{i:02d}_AXI": (mode, AXI) for side, (mode, key) in sides.items() for i in range(int(settings[key]))
        }
        return interfaces, {"aclk": "clock", "aresetn": "reset"}
    if kind == "axi_dma":
        interfaces, pins = {"S_AXI_LITE": ("slave", AXI)}, {"s_axi_lite_aclk": "clock", "axi_resetn": "reset"}
        if "c_include_mm2s" in on:
            interfaces |= {"M_AXI_MM2S": ("master", AXI), "M_AXIS_MM2S": ("master", AXIS)}
            pins["m_axi_mm2s_aclk"] = "clock"
        if "c_include_s2mm" in on:
            interfaces |= {"M_AXI_S2MM": ("master", AXI), "S_AXIS_S2MM": ("slave", AXIS)}
            pins["m_axi_s2mm_aclk"] = "clock"
        return interfaces, pins
    if kind == "axis_dwidth_converter":
        streams = {"S_AXIS": ("slave", AXIS), "M_AXIS": ("master", AXIS)}
        return streams, {"aclk": "clock", "aresetn": "reset"}
    assert kind == "proc_sys_reset", vlnv
    return {}, {"slowest_sync_clk": "clock"}


def shape_of(design, rtl):
    """Interfaces and pins of all cells, as `cell/name`."""
    interfaces, pins = {}, {}
    for cell, vlnv in design.cells.items():
        own, wires = accelerator(rtl) if cell == "accelerator" else vendor_cell(vlnv, design.settings.get(cell, {}))
        interfaces |= {f"{cell}/{name}": mode for name, mode in own.items()}
        pins |= {f"{cell}/{name}": kind for name, kind in wires.items()}
    return interfaces, pins


def copied_board(build, folder):
    """The build's package, and what its scripts read, in a folder to write into."""
    for name in ("board", "rtl", "hls"):
        shutil.copytree(build / name, folder / name)
    return folder / "board"


@pytest.fixture(scope="module")
def streamed(tmp_path_factory):
    """RTL and package of a network whose weights come from memory."""
    folder = tmp_path_factory.mktemp("streamed")
    emit(folder)
    assert RtlProject.load(folder / "rtl").weights
    (folder / "hls").mkdir()
    return folder


@pytest.fixture(scope="module")
def peaks_only(tiny_build, tmp_path_factory):
    """RTL and package of a detector that sends its peaks only."""
    folder = tmp_path_factory.mktemp("sparse")
    sparse.emit(open_build(tiny_build), folder)
    (folder / "hls").mkdir()
    return folder


@pytest.fixture(params=["tiny_build", "streamed", "peaks_only"])
def own_package(request, tmp_path):
    """For the PYNQ-Z2."""
    return copied_board(request.getfixturevalue(request.param), tmp_path)


@pytest.fixture(params=["tiny_build", "streamed", "peaks_only", *OTHERS])
def package(request, tmp_path):
    """The same, and the package of one of them for every other board."""
    if request.param not in OTHERS:
        return copied_board(request.getfixturevalue(request.param), tmp_path)
    folder = request.getfixturevalue("streamed")
    for name in ("rtl", "driver", "hls"):
        shutil.copytree(folder / name, tmp_path / name)
    design, project = replace(small(), target=load_target(request.param)), RtlProject.load(tmp_path / "rtl")
    emit_board(design, project, tmp_path / "board", driver=tmp_path / "driver", recipe=None)
    return tmp_path / "board"


def board_of(package):
    """What Vivado calls the board, and its part, as the script has them."""
    text = (package / "vivado.tcl").read_text()
    return [re.search(rf"^set {name} (\S+)$", text, re.MULTILINE)[1] for name in ("board", "part")]


def test_the_vivado_script_joins_every_interface_of_every_cell_once(package):
    _, calls = run_script(package / "vivado.tcl")
    design = read_calls(calls)
    interfaces, pins = shape_of(design, package.parent / "rtl")
    for source, sink in design.interfaces:
        assert interfaces[source][0] == "master" and interfaces[sink][0] == "slave", (source, sink)
        assert interfaces[source][1] == interfaces[sink][1], (source, sink)
    ends = Counter(end for pair in design.interfaces for end in pair)
    assert ends == dict.fromkeys(interfaces, 1)
    clock, reset = ("FCLK_CLK0", "FCLK_RESET0_N") if "processing" in design.cells["ps"] else ("pl_clk0", "pl_resetn0")
    sources = {"clock": f"ps/{clock}", "reset": "reset/peripheral_aresetn"}
    driven = Counter(design.wires)
    assert driven.pop((f"ps/{reset}", "reset/ext_reset_in")) == 1
    assert driven == {(sources[kind], pin): 1 for pin, kind in pins.items()}


def described_outputs(package):
    """What the driver receives: its description, with the bytes that come in whole beats."""
    design = json.loads((package / "deploy" / "design.json").read_text())
    if design["records"]:
        return [design["records"] | {"bytes": Records(design["records"]).frame_bytes}]
    return [fields | {"bytes": driver.Stream(fields).frame_bytes} for fields in design["outputs"]]


def test_every_stream_keeps_its_bytes_between_memory_and_the_design(package):
    _, calls = run_script(package / "vivado.tcl")
    design, widths = read_calls(calls), ports_of_top(package.parent / "rtl")
    joined = dict(design.interfaces)
    cells = design.settings
    for source, sink in design.interfaces:
        cell, _, port = sink.partition("/")
        if cell == "accelerator" and port.startswith("s_axis"):
            origin = source.split("/")[0]
            sent = int(cells[origin].get("CONFIG.M_TDATA_NUM_BYTES", 0)) or (
                int(cells[origin]["CONFIG.c_m_axis_mm2s_tdata_width"]) // 8
            )
            assert 8 * sent == widths[f"{port}_tdata"]
    for stream in described_outputs(package):
        wire = "m_axis_" + stream["tensor"].replace(".", "__")
        behind = joined[f"accelerator/{wire}"].split("/")[0]
        assert behind.startswith(stream["dma"])
        width = int(cells[behind].get("CONFIG.M_TDATA_NUM_BYTES", widths[f"{wire}_tdata"] // 8))
        assert width in (1, 2, 4, 8) and stream["bytes"] % width == 0


def test_every_file_that_the_scripts_name_is_there(package):
    rtl = package.parent / "rtl"
    _, calls = run_script(package / "vivado.tcl")
    files = [Path(name) for name in read_calls(calls).files]
    made = [path for path in files if package / "build" in path.parents]
    assert [path.name for path in made] == ["design_wrapper.v"]
    assert all(path.is_file() for path in files if path not in made)
    assert {rtl / name for name in (rtl / "files.f").read_text().split()} <= set(files)
    memories = read_calls(calls).settings["accelerator"]["CONFIG.MEM_DIR"]
    assert Path(memories) == rtl / "mem" and list(Path(memories).iterdir())


def test_the_address_map_is_the_drivers(package):
    _, calls = run_script(package / "vivado.tcl")
    described = json.loads((package / "deploy" / "design.json").read_text())
    wanted = {f"{described['registers']['cell']}/s_axil": described["registers"]["address"]}
    streams = described["inputs"] + described_outputs(package)
    wanted |= {f"{s['dma']}/S_AXI_LITE": s["dma_address"] for s in streams}
    assert read_calls(calls).addresses == wanted
    reached = range(0x4000_0000, 0x8000_0000) if "ps7" in text_of_rule(calls) else range(0xA000_0000, 0xB000_0000)
    places = sorted(wanted.values())
    assert all(place in reached and place % 0x10000 == 0 for place in places)
    assert len({*places}) == len(places)


def text_of_rule(calls):
    (rule,) = [words[words.index("-rule") + 1] for name, *words in calls if name == "apply_bd_automation"]
    return "ps7" if "processing_system7" in rule else "psu"


def test_what_the_board_needs_is_copied_only_if_the_clock_is_met(package):
    done, _ = run_script(package / "vivado.tcl", slack="-0.25")
    assert done.returncode == 1 and "misses its clock of 100 MHz by 0.25 ns" in done.stdout
    assert not list((package / "deploy").glob("design.bit"))
    assert not list((package / "deploy").glob("design.xsa"))
    board, part = board_of(package)
    installed = f"another.com:board:part0:1.0 {board}:7.5"
    done, calls = run_script(package / "vivado.tcl", board_parts=installed)
    assert done.returncode == 0
    assert ["set_property", "board_part", f"{board}:7.5", "project"] in calls
    (automation,) = [words for name, *words in calls if name == "apply_bd_automation"]
    assert "apply_board_preset 1" in automation[automation.index("-config") + 1]
    assert {words[words.index("-part") + 1] for name, *words in calls if name == "create_project"} == {part}
    assert (package / "deploy" / "design.xsa").is_file()
    assert {"design.bit", "design.hwh", "design.json", "codesign_board"} <= {
        path.name for path in (package / "deploy").iterdir()
    }


def test_a_board_whose_files_are_not_installed_gets_no_platform_for_programs_without_a_system(package):
    """Its processor is not configured: a boot loader made from it would set memory up wrongly."""
    done, calls = run_script(package / "vivado.tcl", board_parts="another.com:board:part0:1.0")
    assert done.returncode == 0 and "are not installed" in done.stdout
    assert not any(name == "write_hw_platform" for name, *_ in calls)
    (automation,) = [words for name, *words in calls if name == "apply_bd_automation"]
    assert "apply_board_preset 0" in automation[automation.index("-config") + 1]


def test_the_wrapper_fits_the_top_level(own_package):
    """By Verilator's -Wall, in which a port that is missing, too much or of another width is an error."""
    rtl = own_package.parent / "rtl"
    sources = [str(rtl / name) for name in (rtl / "files.f").read_text().split()]
    open_ends = ["-Wno-UNUSEDSIGNAL", "-Wno-PINCONNECTEMPTY"]  # of top.sv's own
    command = ["verilator_bin", "--lint-only", "-Wall", *open_ends, "--top", "accelerator", *sources]
    done = subprocess.run(
        [*command, str(rtl / "accelerator.v")],
        cwd=rtl,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_vitis_script_synthesizes_the_hls4ml_project(tiny_build, tmp_path):
    package = copied_board(tiny_build, tmp_path)
    done, calls = run_script(package / "vitis_hls.tcl")
    assert done.returncode == 0, done.stderr
    by_name = {name: words for name, *words in calls}
    assert Path(by_name["add_files"][0]).is_file()
    assert re.search(rf"\bvoid {by_name['set_top'][0]}\(", Path(by_name["add_files"][0]).read_text())
    assert by_name["set_part"] == [load_target("pynq-z2").part]
    assert by_name["create_clock"][1] == "10.0"
    assert [name for name, *_ in calls][-2:] == ["csynth_design", "export_design"]


def test_a_target_without_an_overlay_has_no_package(tiny_build, tmp_path):
    with pytest.raises(TargetError, match="ulx3s-85f: no board package is known"):
        elsewhere = replace(open_build(tiny_build).design, target=load_target("ulx3s-85f"))
        project = RtlProject.load(tiny_build / "rtl")
        emit_board(elsewhere, project, tmp_path / "board", driver=tiny_build / "driver", recipe=None)


@pytest.mark.parametrize("lanes", [1, 3, 24, 100, 116])
@pytest.mark.parametrize("bits", [8, 16, 24])
def test_a_dma_is_as_wide_as_frames_and_converters_allow(lanes, bits):
    channel = Channel(Stream(0, "x", "x", lanes, bits, False, (116, 6, 5)), 0)
    assert channel.frame_bytes % channel.dma_bytes == channel.frame_bytes % channel.stream_bytes == 0
    assert np.lcm(channel.dma_bytes, channel.stream_bytes) <= CONVERTER_BYTES
    assert channel.dma_bytes in (1, 2, 4, 8)


def test_a_stream_as_wide_as_its_dma_needs_no_converter():
    assert not Channel(Stream(0, "x", "x", 8, 8, False, (8, 6, 5)), 0).converted
    assert Channel(Stream(0, "x", "x", 3, 8, False, (3, 6, 4)), 0).converted
