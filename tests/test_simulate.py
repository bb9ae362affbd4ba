"""RTL projects and their compiled simulation: readable, reused, and honest about what goes wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.design import Design
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.simulate import FLAGS, simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import GraphError, ToolError
from codesign.graph import Graph, IntArray, Node, TensorType, execute
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.split import Split
from tests.designs import designed


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Two halves of the channels, one through a 3x3 convolution, joined again; dotted names."""
    rng = np.random.default_rng(0)
    nodes = (
        Node("block.0.split", Split((2, 3)), ("image",)),
        Node(
            "block.0.conv",
            Conv(rng.integers(-7, 8, (3, 3, 3, 3)), rng.integers(-9, 9, 3), pads=(1, 1, 1, 1)),
            ("block.0.split.1",),
        ),
        Node("block.0.quant", Requant(np.array([0]), -128, 127, 1.0), ("block.0.conv",)),
        Node("block.0.join", Concat(), ("block.0.split.0", "block.0.quant")),
    )
    return Graph("branches", {"image": TensorType((5, 6, 7), -8, 7)}, nodes, ("block.0.join",))


@pytest.fixture(scope="module")
def design(graph: Graph) -> Design:
    return designed(graph, fps=50_000)


@pytest.fixture(scope="module")
def images() -> IntArray:
    return np.random.default_rng(1).integers(-8, 8, (3, 5, 6, 7))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(design: Design, tmp_path: Path) -> RtlProject:
    return emit_rtl(design, tmp_path / "rtl")


def test_the_top_names_its_wires_after_the_tensors(project: RtlProject) -> None:
    text = (project.folder / "top.sv").read_text()
    for stream in project.tensors:
        assert f"wire {stream.wire}_valid, {stream.wire}_ready;" in text
    assert "block__0__split__0" in text
    assert "input  wire s_axis_image_tvalid" in text
    assert "output wire m_axis_block__0__join_tlast" in text


def test_a_project_holds_just_what_its_file_list_names(project: RtlProject) -> None:
    held = sorted(path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*.sv"))
    assert sorted(path.relative_to(project.folder).as_posix() for path in project.sources) == held
    assert "library/upsample.sv" not in held
    assert list((project.folder / "mem").iterdir())


def test_a_project_is_read_back_as_it_was_written(project: RtlProject) -> None:
    assert RtlProject.load(project.folder) == project


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="there is no RTL project"):
        RtlProject.load(tmp_path)


def test_a_network_that_is_compiled_in_parts_is_exact(
    project: RtlProject, graph: Graph, images: IntArray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As large ones are, side by side, with precompiled headers of their own."""
    monkeypatch.setattr("codesign.emit.rtl.simulate.FLAGS", (*FLAGS[:-1], "1000"))
    monkeypatch.setattr("codesign.emit.rtl.simulate.ONE_FILE_BYTES", 0)
    result = simulate(project.folder, graph, images, cache=tmp_path / "cache")
    (output,) = graph.outputs
    assert np.array_equal(result.values[output], execute(graph, {"image": images}, [output])[output])


def test_all_tensors_are_exact_and_a_second_run_compiles_nothing(
    project: RtlProject, graph: Graph, images: IntArray, cache: Path
) -> None:
    simulate(project.folder, graph, images[:1], cache=cache)
    seen: list[int] = []
    result = simulate(project.folder, graph, images, cache=cache, on_frame=seen.append)
    assert result.build_seconds == 0
    assert seen == [1, 2, 3]
    expected = execute(graph, {"image": images}, list(graph.types))
    assert result.values.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(result.values[name], values, err_msg=name)


def test_only_the_tensors_asked_for_are_recorded_besides_the_outputs(
    project: RtlProject, graph: Graph, images: IntArray, cache: Path
) -> None:
    result = simulate(project.folder, graph, images, tensors=["block.0.conv"], cache=cache)
    assert result.values.keys() == {"block.0.conv", "block.0.join"}


def test_a_flipped_weight_bit_is_seen_without_a_new_compilation(
    project: RtlProject, graph: Graph, images: IntArray, cache: Path
) -> None:
    before = simulate(project.folder, graph, images, cache=cache)
    file = max((project.folder / "mem").iterdir(), key=lambda path: path.stat().st_size)
    text = file.read_text()
    file.write_text(f"{int(text[0], 16) ^ 1:x}{text[1:]}")
    after = simulate(project.folder, graph, images, cache=cache)
    assert after.build_seconds == 0
    assert not np.array_equal(before.values["block.0.conv"], after.values["block.0.conv"])


def test_without_its_fifos_the_network_deadlocks_and_the_streams_are_named(
    graph: Graph, design: Design, images: IntArray, cache: Path, tmp_path: Path
) -> None:
    assert design.schedule.fifos
    project = emit_rtl(replace(design, schedule=replace(design.schedule, fifos={})), tmp_path / "rtl")
    with pytest.raises(ToolError, match=r"deadlock at cycle \d+; offered and not taken: .*block\.0\.split\.0"):
        simulate(project.folder, graph, images, cache=cache)


def test_frames_of_another_shape_or_range_are_refused(project: RtlProject, graph: Graph, images: IntArray) -> None:
    with pytest.raises(GraphError, match=r"input 'image' has shape \(3, 5, 6, 6\), expected \(N, 5, 6, 7\)"):
        simulate(project.folder, graph, images[..., :6])
    with pytest.raises(GraphError, match=r"values outside \[-8, 7\]"):
        simulate(project.folder, graph, images * 2)


def test_a_missing_compiler_is_named_with_its_remedy(
    project: RtlProject, graph: Graph, images: IntArray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"'g\+\+' is not on PATH.*install"):
        simulate(project.folder, graph, images, cache=tmp_path / "cache")
