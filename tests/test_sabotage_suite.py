"""Faults of the sabotage suite fit the RTL that there is. Whether verification finds them, `make sabotage` tells."""

import shutil
import subprocess

import pytest

from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.top import emit_rtl
from codesign.emit.rtl.verilator import environment
from codesign.frontend.qonnx import import_network
from codesign.graph import ops
from codesign.plugins import names
from tests.designs import designed
from trust.networks import CASES
from trust.sabotage import Fault, equip, files_of, load_faults, sabotaged

FAULTS = load_faults()


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """By network, the folder of its RTL and its graph."""
    folder = tmp_path_factory.mktemp("sabotage")
    found = {}
    for name, case in CASES.items():
        network, target = case.files(folder, name)
        graph = import_network(network, argmax=case.argmax).graph
        design = designed(graph, target, fps=case.fps, streaming=True, lut_products=True, sparse=case.sparse)
        emit_rtl(design, folder / name)
        found[name] = folder / name, graph
    return found


def test_there_are_faults_of_every_operator_and_of_the_top():
    assert len(FAULTS) >= 80 and len({fault.id for fault in FAULTS}) == len(FAULTS)
    assert all(fault.what and fault.kind for fault in FAULTS)


def test_the_networks_have_every_operator_and_weights_from_memory(projects):
    kinds = {node.op.kind for _, graph in projects.values() for node in graph.nodes}
    assert kinds == set(names(ops.__name__)) - {"conv_tile"}  # made of two others where weights come from memory
    assert RtlProject.load(projects["detector"][0]).weights


def test_every_fault_is_in_a_network_once(projects):
    for fault in FAULTS:
        counts = [len(files_of(folder, fault, name)) for name, (folder, _) in projects.items()]
        assert max(counts) == 1, fault.id


def test_every_module_of_the_networks_has_a_fault(projects):
    """But those that only hold others together, or are wires."""
    modules = {path.stem for folder, _ in projects.values() for path in (folder / "library").glob("*.sv")}
    plain = {"axi_stream_input", "group_conv", "stream_width"}
    assert modules - {fault.file for fault in FAULTS} <= plain


@pytest.mark.parametrize("name", CASES)
def test_a_network_with_all_its_faults_is_sound_systemverilog(projects, name, tmp_path):
    shutil.copytree(projects[name][0], tmp_path / "rtl")
    equip(tmp_path / "rtl", FAULTS, name)
    files = [str(path) for path in RtlProject.load(tmp_path / "rtl").sources]
    options = ["--lint-only", "-Wno-WIDTH", "--assert", "--no-timing", "--top-module", "top"]
    done = subprocess.run(["verilator_bin", *options, *files], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


def test_faults_of_one_place_are_put_around_each_other():
    module = "module m (\n);\n  assign y = in;\nendmodule\n"
    first, second = (Fault(i, str(i), "m", "", "", "in", f"(FAULT ? {i} : CODE)") for i in (1, 2))
    text = sabotaged(module, [first, second])
    assert "assign y = ((fault == 2) ? 2 : ((fault == 1) ? 1 : in));" in text
    assert '$value$plusargs("fault=%d", fault)' in text


@pytest.mark.parametrize(("codes", "said"), [(("b",), "0 times"), (("assign y", "y = x"), "overlap")])
def test_a_fault_that_does_not_fit_is_told(codes, said):
    module = "module m (\n);\n  assign y = x;\nendmodule\n"
    faults = [Fault(i, str(i), "m", "", "", code, "FAULT") for i, code in enumerate(codes)]
    with pytest.raises(ValueError, match=said):
        sabotaged(module, faults)
