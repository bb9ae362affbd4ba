"""Graphs: wiring, types, execution and storage."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import GraphError
from codesign.graph import Graph, Node, TensorType, bits_for_range, digest, execute, load, save
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.split import Split
from codesign.graph.reals import NOT_AN_INTEGER, to_integers, to_real

X = TensorType((4, 5, 6), 0, 255, (2.0**-8,))


def small_graph(weight: int = 3) -> Graph:
    weights = np.arange(-32, 40).reshape(2, 4, 3, 3)
    weights[1, 2, 0, 1] = weight
    nodes = (
        Node("stem", Conv(weights, [5, -6], (0.5, 0.25), pads=(1, 1, 1, 1)), ("x",)),
        Node("act", Requant([8, 9], 0, 255, 0.5), ("stem",)),
        Node("parts", Split((1, 1)), ("act",)),
        Node("joined", Concat(), ("parts.1", "parts.0")),
    )
    return Graph("small", {"x": X}, nodes, ("joined", "parts.0"), {"x": "image"})


IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 6))


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40))
def test_bits_for_range_is_the_narrowest_width_that_holds_both_ends(lo: int, length: int) -> None:
    hi = lo + length
    bits = bits_for_range(lo, hi)
    least, most = (0, 2**bits - 1) if lo >= 0 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    assert least <= lo and hi <= most
    half = (0, 2 ** (bits - 1) - 1) if lo >= 0 else (-(2 ** (bits - 2)), 2 ** (bits - 2) - 1) if bits > 1 else (0, -1)
    assert bits == 1 or not (half[0] <= lo and hi <= half[1])


def test_tensors_are_named_after_nodes_and_typed() -> None:
    graph = small_graph()
    assert list(graph.types) == ["x", "stem", "act", "parts.0", "parts.1", "joined"]
    assert graph.types["joined"] == TensorType((2, 5, 6), 0, 255, (0.5,))
    assert graph.types["stem"].scale == (2.0**-9, 2.0**-10)
    assert graph.output_names(graph.node("parts")) == ("parts.0", "parts.1")
    assert [(node.name, index) for node, index in graph.consumers["parts.0"]] == [("joined", 1)]
    assert graph.producers["parts.1"] is graph.node("parts")
    assert graph.macs == 72 * 30


def test_execution_keeps_the_tensors_asked_for() -> None:
    graph = small_graph()
    assert set(execute(graph, {"x": IMAGES})) == {"joined", "parts.0"}
    kept = execute(graph, {"x": IMAGES}, keep=graph.types)
    assert set(kept) == set(graph.types)
    np.testing.assert_array_equal(kept["joined"][:, 1:], kept["parts.0"])
    assert all(value.dtype == np.int32 for value in kept.values())


def test_each_image_of_a_batch_is_computed_on_its_own() -> None:
    graph = small_graph()
    batch = execute(graph, {"x": IMAGES})["joined"]
    for index in range(len(IMAGES)):
        np.testing.assert_array_equal(execute(graph, {"x": IMAGES[index : index + 1]})["joined"], batch[index][None])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input 'x' is missing"),
        ({"x": IMAGES[:, :3]}, r"shape \(3, 3, 5, 6\), expected \(N, 4, 5, 6\)"),
        ({"x": IMAGES / 2}, "type float64, expected integers"),
        ({"x": IMAGES + 1}, r"values outside \[0, 255\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: dict, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        execute(small_graph(), inputs)


def test_an_unknown_tensor_is_refused() -> None:
    with pytest.raises(GraphError, match="no tensor 'nowhere'"):
        execute(small_graph(), {"x": IMAGES}, keep=["nowhere"])


def with_nodes(*nodes: Node, outputs: tuple[str, ...] = ()) -> Graph:
    return replace(small_graph(), nodes=(*small_graph().nodes, *nodes), outputs=outputs)


@pytest.mark.parametrize(
    ("nodes", "outputs", "message"),
    [
        ((), ("nowhere",), "small: output 'nowhere' is produced by no node"),
        ((Node("last", Concat(), ("act", "nowhere")),), (), "node last: input 'nowhere' is not known here"),
        ((Node("act", Concat(), ("act", "act")),), (), "node act: tensor 'act' is produced twice"),
        ((Node("last", Concat(), ("act",)),), (), "node last: a concatenation takes at least two inputs"),
    ],
)
def test_a_graph_that_is_not_well_formed_is_refused_with_the_node(nodes: tuple, outputs: tuple, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        with_nodes(*nodes, outputs=outputs)


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(GraphError, match="no node 'nowhere'"):
        small_graph().node("nowhere")


def test_a_stored_graph_comes_back_the_same(tmp_path: Path) -> None:
    graph = small_graph()
    save(graph, tmp_path / "graph.npz")
    loaded = load(tmp_path / "graph.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.npz"]
    assert (loaded.name, loaded.outputs, dict(loaded.origins)) == (graph.name, graph.outputs, dict(graph.origins))
    assert dict(loaded.types) == dict(graph.types)
    assert digest(loaded) == digest(graph)
    expected = execute(graph, {"x": IMAGES}, keep=graph.types)
    for name, value in execute(loaded, {"x": IMAGES}, keep=graph.types).items():
        np.testing.assert_array_equal(value, expected[name])


def test_the_digest_changes_with_one_weight_one_name_and_one_attribute() -> None:
    graph = small_graph()
    others = [
        small_graph(weight=4),
        replace(graph, name="other"),
        replace(graph, outputs=("joined",)),
        replace(graph, inputs={"x": replace(X, hi=254)}),
    ]
    assert digest(graph) == digest(small_graph())
    assert len({digest(graph), *(digest(other) for other in others)}) == 1 + len(others)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "graph.npz").write_bytes(content)
    with pytest.raises(GraphError, match=r"not a readable integer graph.*export it again"):
        load(tmp_path / "graph.npz")


@pytest.mark.parametrize("damage", [lambda b: b[:-40], lambda b: b[:99] + b"\xff" * 40 + b[139:]])
def test_a_truncated_or_overwritten_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "graph.npz"
    save(small_graph(), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(GraphError, match="not a readable integer graph"):
        load(path)


def test_a_foreign_archive_and_another_format_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "foreign.npz", weights=np.ones(3))
    with pytest.raises(GraphError, match="not a readable integer graph"):
        load(tmp_path / "foreign.npz")
    np.savez(tmp_path / "future.npz", description=np.array('{"format": 99}'))
    with pytest.raises(GraphError, match="format 99 is not 2"):
        load(tmp_path / "future.npz")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="there is no integer graph"):
        load(tmp_path / "none.npz")


def test_real_values_and_integers_are_inverse() -> None:
    kind = TensorType((2, 1, 2), -8, 7, (0.5, 0.25))
    q = np.arange(-4, 4).reshape(2, 2, 1, 2)
    np.testing.assert_array_equal(to_integers(to_real(q, kind), kind), q)


def test_a_real_value_off_the_grid_is_marked() -> None:
    kind = TensorType((1, 1, 4), -8, 7, (0.5,))
    values = np.array([0.5, 0.6, np.nan, np.inf], np.float32)
    assert to_integers(values, kind).ravel().tolist() == [1, *[NOT_AN_INTEGER] * 3]


def test_of_a_scale_that_float32_rounds_a_sixteenth_of_a_step_is_forgiven() -> None:
    kind = TensorType((1, 1, 4), -8, 7, (0.3,))
    values = np.array([5.06, 4.94, 5.07, 4.93]) * 0.3
    assert to_integers(values, kind).ravel().tolist() == [5, 5, NOT_AN_INTEGER, NOT_AN_INTEGER]


def test_an_array_that_promises_more_than_it_has_is_refused(tmp_path: Path) -> None:
    save(small_graph(), tmp_path / "graph.npz")
    header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (1152921504606846976,), }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "graph.npz", "a") as archive:
        archive.writestr("more.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(GraphError, match=r"'more\.npy' is no array"):
        load(tmp_path / "graph.npz")


@pytest.mark.parametrize("array", [np.array([{}]), np.zeros(3), np.array("text")])
def test_arrays_of_anything_but_integers_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    save(small_graph(), tmp_path / "graph.npz")
    with zipfile.ZipFile(tmp_path / "graph.npz", "a") as archive, archive.open("more.npy", "w") as file:
        np.save(file, array)
    with pytest.raises(GraphError, match="more"):
        load(tmp_path / "graph.npz")


@pytest.mark.parametrize(
    ("shape", "lo", "hi", "scale"),
    [
        ((1 << 40, 1, 1), 0, 1, 1.0),
        ((1 << 16, 1 << 16, 1), 0, 1, 1.0),
        ((1, 1, 1), 0, 2**70, 1.0),
        ((1, 1, 1), 0, 1, 0.0),
        ((1, 1, 1), 0, 1, float("nan")),
        ((1, 1, 1), 0, 1, float("inf")),
    ],
)
def test_types_out_of_range_are_refused(shape: tuple[int, int, int], lo: int, hi: int, scale: float) -> None:
    with pytest.raises(GraphError):
        TensorType(shape, lo, hi, (scale,))
