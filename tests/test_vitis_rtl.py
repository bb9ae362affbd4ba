"""The Verilog of Vitis HLS in our bench: found, adapted, compared. Vitis HLS is not here: a stand-in has its ports."""

import json
import shutil

import numpy as np
import pytest

from codesign.api import verify as verify_api
from codesign.api.verify import verify
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.emit.rtl.vitis import adapt_vitis
from codesign.errors import BuildError, ToolError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.vendor.vitis_hls import VERILOG
from tests.designs import built, designed
from tests.vitis_standin import write_vitis


def network():
    """Two outputs, of 11 bits with a sign and of 3 without, from an input of 5 bits with a sign."""
    rng = np.random.default_rng(8)
    nodes, x = [], "image"
    for name, inputs, outputs, shift, lo, hi in (("wide", 3, 6, 0, -1000, 1000), ("narrow", 6, 5, 6, 0, 7)):
        weight, bias = rng.integers(-7, 8, (outputs, inputs, 1, 1)), rng.integers(-9, 9, outputs)
        nodes.append(Node(f"{name}.conv", Conv(weight, bias, (2.0**-shift,)), (x,)))
        nodes.append(Node(name, Requant(np.array([shift]), lo, hi, 1.0), (f"{name}.conv",)))
        x = name
    return Graph("two", {"image": TensorType((3, 6, 5), -16, 15)}, tuple(nodes), ("wide", "narrow"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """As much of a build as the stage reads, our own RTL included."""
    return built(designed(network(), fps=50_000), tmp_path_factory.mktemp("vitis") / "build").path


@pytest.fixture
def build(made, tmp_path, monkeypatch):
    """A copy, of which only the simulation is verified."""
    monkeypatch.setattr(verify_api, "STAGES", ("rtl",))
    return open_build(shutil.copytree(made, tmp_path / "build"))


def standin(build, **settings):
    return write_vitis(build.rtl, build.graph, build.board / "build", **settings)


@pytest.mark.parametrize("packed", [False, True], ids=["bytes", "packed"])
def test_its_outputs_are_compared_with_the_graphs_frame_after_frame(build, packed):
    standin(build, packed=packed)
    assert status(["verify", str(build.path), "--rtl", "vitis", "--images", "5"]) == 0
    verdict = json.loads(build.verification.read_text())
    assert verdict["exact"]
    (stage,) = verdict["stages"]
    frames = stage["protocol"]["frames"]
    assert frames >= 9 and stage["protocol"]["interval"] is None
    assert (stage["name"], stage["tensors"], stage["values"]) == ("vitis", 2, frames * (6 + 5) * 30)


def test_a_wrong_bit_of_its_memories_is_found(build, capfd):
    file = next(standin(build).glob("wide*weight*.dat"))
    first, *rest = file.read_text().splitlines()
    file.write_text("\n".join([f"{int(first, 16) ^ 1:0{len(first)}x}", *rest]) + "\n")
    assert status(["verify", str(build.path), "--rtl", "vitis", "--images", "2"]) == 1
    first = json.loads(build.verification.read_text())["first_mismatch"]
    assert (first["stage"], first["tensor"]) == ("vitis", "wide")
    assert first["expected"] != first["got"]
    assert "stage vitis, block wide, channel" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("input  [23:0] image_TDATA", "input  [31:0] image_TDATA", "'image_TDATA' has 32 bits: 3 lanes of 5 bits"),
        ("input   ap_start;", "input   ap_start;\ninput   ap_continue;", "has the input 'ap_continue'"),
        ("input   ap_rst_n;", "input   ap_rst;", "has the input 'ap_rst'"),
        ("narrow_TDATA;", "other_TDATA;", "has no port 'narrow_TDATA'"),
    ],
)
def test_ports_that_are_not_the_networks_are_refused(build, before, after, complaint):
    top = standin(build) / "top.v"
    assert before in top.read_text()
    top.write_text(top.read_text().replace(before, after))
    with pytest.raises(ToolError, match=rf"top\.v: {complaint}"):
        adapt_vitis(top.parent, build.graph, build.path / "adapted", interval_cycles=1)
    assert not (build.path / "adapted").exists()


def test_without_its_verilog_the_error_says_where_it_should_be(build, capfd):
    assert status(["verify", str(build.path), "--rtl", "vitis"]) == 2
    error = capfd.readouterr().err
    assert f"{build.board / 'build' / VERILOG}: there is no Verilog of Vitis HLS; run `codesign build`" in error
    assert not build.verification.exists()


def test_other_rtl_is_unknown(build):
    with pytest.raises(BuildError, match="unknown RTL 'intel'; known: codesign, vitis"):
        verify(build, rtl="intel")


@pytest.mark.slow
def test_all_stages_of_a_trained_network_run_beside_it(build_copy):
    build = open_build(build_copy)
    standin(build)
    verdict = verify(build, images=1, rtl="vitis")
    assert [stage.name for stage in verdict.stages] == ["brevitas", "qonnx", "onnxruntime", "graph", "hls", "vitis"]
    assert verdict.exact and verdict.stages[-1].tensors == len(build.graph.outputs)
