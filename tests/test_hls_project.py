"""hls4ml projects as a whole: wiring, files, and that C simulation runs what lies in them."""

import os
import re
import shutil
import subprocess
import sys
import uuid

import numpy as np
import pytest

from codesign.emit.hls import run
from codesign.emit.hls.base import HlsBlock, Stream, sliding_windows
from codesign.emit.hls.ops.binary_conv import layers as binary_layers
from codesign.emit.hls.ops.concat import layers as concat_layers
from codesign.emit.hls.project import emit_hls
from codesign.emit.hls.run import run_hls
from codesign.errors import GraphError, ToolError
from codesign.graph import Graph, Node, TensorType, execute, save
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding
from tests.designs import folded
from tests.hls_projects import shared_project

PADS = (1, 1, 1, 1)
RANDOM = np.random.default_rng(2)


def weights(*shape):
    """Weights and biases, the same in every test process."""
    random = np.random.default_rng(shape)
    return random.integers(-7, 8, shape), random.integers(-90, 90, shape[0])


def network():
    """A unit of ShuffleNet, a deformable block and two heads: every operator, tensors read twice, C++ keywords."""
    quarter = (2.0**-4,)
    nodes = [
        Node("stem.conv", Conv(*weights(8, 3, 3, 3), quarter, (2, 2), PADS), ("input",)),
        Node("stem.act", Requant(np.array([4]), 0, 255, 1.0), ("stem.conv",)),
        Node("pool", MaxPool((3, 3), (2, 2), PADS), ("stem.act",)),
        Node("new", Split((3, 5)), ("pool",)),
        Node("unit.conv", Depthwise(*weights(5, 1, 3, 3), quarter, (1, 1), PADS), ("new.1",)),
        Node("unit.act", Requant(np.array([4]), 0, 255, 1.0), ("unit.conv",)),
        Node("unit.concat", Concat(), ("new.0", "unit.act")),
        Node("double", Shuffle(2), ("unit.concat",)),
        Node("off", Conv(*weights(1, 8, 1, 1), (2.0**-8,)), ("double",)),
        Node("off.act", Requant(np.array([8]), -7, 7, 1.0), ("off",)),
        Node("config2", Deform(*weights(8, 1, 3, 3), quarter), ("double", "off.act")),
        Node("b2", Requant(np.array([4]), 0, 255, 1.0), ("config2",)),
        Node("up", Upsample(2), ("b2",)),
        Node("heat.conv", Conv(*weights(3, 8, 1, 1), (2.0**-5,)), ("up",)),
        Node("heat", Requant(np.array([5]), -128, 127, 1.0), ("heat.conv",)),
        Node("peaks", Peak(10, -128), ("heat",)),
        Node("classes", Linear(*weights(10, 8 * 4 * 4)), ("b2",)),
    ]
    return Graph("network", {"input": TensorType((3, 16, 16), 0, 255)}, tuple(nodes), ("peaks", "classes", "heat"))


def one_conv():
    """Whatever must be compiled anew is this small."""
    nodes = (
        Node("conv", Conv(*weights(2, 3, 1, 1), (2.0**-3,)), ("x",)),
        Node("act", Requant(np.array([3]), -8, 7, 1.0), ("conv",)),
    )
    return Graph("one conv", {"x": TensorType((3, 4, 5), 0, 15)}, nodes, ("act",))


def images(graph, count):
    ((_, kind),) = graph.inputs.items()
    return RANDOM.integers(kind.lo, kind.hi + 1, (count, *kind.shape))


def reference(graph, batch):
    return execute(graph, dict.fromkeys(graph.inputs, batch), graph.types)


def emit(graph, folder):
    emit_hls(folded(graph), folder)
    return folder


def flip_lowest_bit(file):
    first, _, rest = file.read_text().partition(",")
    file.write_text(f"{int(first) ^ 1},{rest}")


@pytest.fixture(scope="module")
def compiled(common_folder):
    graph = network()
    foldings = {"stem.conv": Folding(8, 3), "config2": Folding(4)}
    with shared_project(graph, common_folder / "hls_network", foldings=foldings) as folder:
        run_hls(folder, graph, images(graph, 1))
    return graph, folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    graph = one_conv()
    return graph, emit(graph, tmp_path_factory.mktemp("hls") / "small")


@pytest.fixture
def copy(compiled, tmp_path):
    """Project to change; its simulator comes along."""
    return compiled[0], shutil.copytree(compiled[1], tmp_path / "copy")


@pytest.fixture
def small_copy(small, tmp_path):
    return small[0], shutil.copytree(small[1], tmp_path / "copy")


def test_maps_are_joined_two_by_two_and_the_last_pair_gives_the_output():
    maps = [Stream(name, TensorType((channels, 4, 4), 0, 255)) for name, channels in (("a", 2), ("b", 3), ("c", 4))]
    whole = Stream("joined", TensorType((9, 4, 4), 0, 255))
    first, last = concat_layers(HlsBlock("cat", Concat(), tuple(maps), (whole,), Folding()))
    assert (first.inputs, first.outputs) == (("a", "b"), ("cat_first_2",))
    assert (last.inputs, last.outputs) == (("cat_first_2", "c"), ("joined",))


def test_every_tensor_of_a_network_equals_the_graph(compiled):
    graph, folder = compiled
    batch = images(graph, 5)
    got = run_hls(folder, graph, batch, graph.types)
    for name, expected in reference(graph, batch).items():
        np.testing.assert_array_equal(got[name], expected, err_msg=name)


def test_frames_do_not_touch_each_other(compiled):
    graph, folder = compiled
    batch = images(graph, 3)
    together = run_hls(folder, graph, batch, processes=1)["peaks"]
    alone = [run_hls(folder, graph, batch[i : i + 1])["peaks"] for i in range(3)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


def test_a_moved_project_runs_in_a_fresh_process_without_compiling_again(copy, tmp_path, users_cache):
    graph, folder = copy
    save(graph, tmp_path / "graph.npz")
    batch = images(graph, 1)
    np.save(tmp_path / "in.npy", batch)
    program = (
        "import numpy as np; from pathlib import Path; from codesign.graph import load\n"
        "from codesign.emit.hls import run\n"
        f"run.FLAGS = {run.FLAGS!r}\n"
        f"got = run.run_hls(Path({str(folder)!r}), load(Path('graph.npz')), np.load('in.npy'))\n"
        "np.save('out.npy', got['peaks'])\n"
    )
    run_hls(folder, graph, batch)
    before = {path: path.stat().st_ino for path in users_cache.glob("simulators/hls-*/simulator")}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, timeout=60)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), reference(graph, batch)["peaks"])
    assert {path: path.stat().st_ino for path in users_cache.glob("simulators/hls-*/simulator")} == before


@pytest.mark.parametrize(
    ("block", "file"),
    [
        ("stem.conv", "stem__conv_weight"),
        ("config2", "config2__bias"),
        ("b2", "b2_shift"),
        ("classes", "classes_bias"),
    ],
)
def test_a_flipped_bit_shows_in_its_block_and_not_before(copy, block, file):
    graph, folder = copy
    batch = images(graph, 2)
    flip_lowest_bit(folder / "firmware" / "weights" / f"{file}.txt")
    got, expected = run_hls(folder, graph, batch, graph.types), reference(graph, batch)
    wrong = [name for name in graph.types if not np.array_equal(got[name], expected[name])]
    assert wrong[0] == block


def test_another_rounding_mode_shows_in_the_requantization(small_copy):
    graph, folder = small_copy
    batch = images(graph, 2)
    parameters = folder / "firmware" / "parameters.h"
    text = parameters.read_text()
    assert text.count("AP_RND_CONV") == 1
    parameters.write_text(text.replace("AP_RND_CONV", "AP_TRN"))
    got, expected = run_hls(folder, graph, batch, graph.types), reference(graph, batch)
    assert [name for name in graph.types if not np.array_equal(got[name], expected[name])] == ["act"]


def test_hls4ml_itself_compiles_and_runs_the_project(small_copy, monkeypatch):
    from hls4ml.utils.link import FilesystemModelGraph

    graph, folder = small_copy
    batch = images(graph, 2)
    monkeypatch.chdir(folder)
    model = FilesystemModelGraph(".")
    model.compile()
    got = model.predict(np.ascontiguousarray(batch.transpose(0, 2, 3, 1), dtype=np.float32))
    expected = reference(graph, batch)["act"].transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


@pytest.mark.parametrize("stamp", ["0c5ea0a7", "12345678", "1234e567"])
def test_the_same_graph_gives_the_same_files_with_any_stamp(small, stamp, tmp_path, monkeypatch):
    graph, folder = small
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(hex="0" * 24 + stamp))
    again = emit(graph, tmp_path / "again")
    for name in ("hls4ml_config.yml", "build_lib.sh"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_the_same_graph_gives_the_same_files_anywhere(small, tmp_path):
    graph, folder = small
    again = emit(graph, tmp_path / "elsewhere" / "again")
    files = sorted(f.relative_to(again) for f in again.rglob("*") if f.is_file())
    assert [f for f in files if (again / f).read_bytes() != (folder / f).read_bytes()] == []
    assert "build_prj.tcl" in map(str, files)


def test_part_and_clock_reach_the_project(small):
    script = (small[1] / "project.tcl").read_text()
    assert 'set part "xc7z020clg400-1"' in script
    assert "set clock_period 10.0" in script


def test_foldings_become_reuse_factors(compiled):
    parameters = (compiled[1] / "firmware" / "parameters.h").read_text()
    stem = parameters[parameters.index("// stem__conv\n") :]
    assert re.search(r"reuse_factor = (\d+)", stem)[1] == str(8 * 27 // (8 * 3))
    assert "static const int lanes = 4;" in parameters


def test_hls4ml_is_silent(small, tmp_path, capfd):
    emit(small[0], tmp_path / "hls")
    assert capfd.readouterr() == ("", "")


def test_an_older_project_stays_if_emission_fails(small_copy):
    graph, folder = small_copy
    unread = Graph("unread", graph.inputs, graph.nodes, ("conv",))
    with pytest.raises(GraphError, match="nothing reads tensor 'act'"):
        emit(unread, folder)
    assert (folder / "csim.cpp").is_file()
    assert [f.name for f in folder.parent.iterdir()] == [folder.name]


def test_a_tensor_with_too_many_readers_is_refused(tmp_path):
    nodes = tuple(Node(f"up{i}", Upsample(), ("x",)) for i in range(8))
    graph = Graph("many", {"x": TensorType((1, 2, 2), 0, 3)}, nodes, tuple(n.name for n in nodes))
    with pytest.raises(GraphError, match="read 8 times"):
        emit(graph, tmp_path / "hls")


def test_no_compiler_is_one_clear_line(small, monkeypatch):
    graph, folder = small
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(ToolError, match=r"no C\+\+ compiler: .*; install"):
        run_hls(folder, graph, images(graph, 1))


def test_no_project_is_one_clear_line(small, tmp_path):
    graph, _ = small
    with pytest.raises(ToolError, match="no hls4ml project; run `codesign export`"):
        run_hls(tmp_path, graph, images(graph, 1))


def test_sources_that_do_not_compile_are_one_clear_line(small_copy):
    graph, folder = small_copy
    header = folder / "firmware" / "defines.h"
    header.write_text('#include "gone.h"\n' + header.read_text())
    with pytest.raises(ToolError, match=r"g\+\+ refuses the HLS sources: .*gone.h"):
        run_hls(folder, graph, images(graph, 1))


def test_missing_weights_are_one_clear_line(copy):
    graph, folder = copy
    (folder / "firmware" / "weights" / "stem__conv_weight.txt").unlink()
    with pytest.raises(ToolError, match=r"stem__conv_weight.txt does not exist"):
        run_hls(folder, graph, images(graph, 1))


def test_a_wired_binary_layer_starts_a_window_as_often_as_its_folding_says():
    """Its words of inputs come one after another; the pipeline's interval is their number, at least one."""
    op = BinaryConv(np.random.default_rng(4).choice([-1, 1], (4, 3, 2, 2)))
    x = TensorType((3, 4, 4), -1, 1, step=2)
    ports = (Stream("x", x),), (Stream("y", op.infer(x)[0]),)
    for simd, interval in ((1, 12), (3, 4), (12, 1)):
        (layer,) = binary_layers(HlsBlock("y", op, *ports, Folding(4, simd, weights="wired")))
        assert layer.attributes["constants"]["interval"] == interval


def test_windows_of_any_shape_reach_their_layer():
    x, y = Stream("x", TensorType((3, 8, 9), 0, 15)), Stream("y", TensorType((5, 4, 3), 0, 15))
    assert sliding_windows(x, y, (2, 5), (2, 3), (1, 2, 3, 4)) == {
        "in_height": 8,
        "in_width": 9,
        "n_chan": 3,
        "out_height": 4,
        "out_width": 3,
        "kernel_height": 2,
        "kernel_width": 5,
        "stride_height": 2,
        "stride_width": 3,
        "pad_top": 1,
        "pad_left": 2,
    }
