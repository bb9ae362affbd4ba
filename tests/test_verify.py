"""Verification: what it compares, what it writes, and when it refuses."""

import json
import shutil
from dataclasses import replace
from importlib import import_module

import numpy as np
import onnx
import pytest
from PIL import Image

from codesign.api.export import export
from codesign.api.report import report
from codesign.api.verify import FAST, verify
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.data.pictures import read_picture
from codesign.emit.onnx.model import DIGEST
from codesign.errors import BuildError, GraphError
from codesign.graph import Graph, Node, TensorType, execute, first_difference, save
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.requant import Requant
from codesign.progress import silent
from codesign.reporting.comparison import compare_summaries
from codesign.verification.compare import compare
from codesign.verification.images import picture_images, random_images
from codesign.verification.reference import Reference
from tests.stages import OF_A_RUN, OF_AN_ONNX_FILE

GRAPH = Graph(
    "toy",
    {"x": TensorType((2, 3, 4), -8, 7)},
    (Node("half", Requant([1], -8, 7, 2.0), ("x",)), Node("both", Concat(), ("half", "half"))),
    ("both",),
)
STAGE_FIELDS = {"name", "exact", "tensors", "values", "seconds", "images", "protocol", "problem", "ties"}
IMAGES = random_images(GRAPH.inputs["x"], 5)
REFERENCE = Reference(GRAPH, IMAGES)


def shown(images, at_a_time=2):
    for start in range(0, len(images), at_a_time):
        yield execute(GRAPH, {"x": images[start : start + at_a_time]}, keep=("half", "both"))


def test_equal_tensors_compare_exact_and_are_counted():
    found = compare("stage", REFERENCE, shown(IMAGES), silent)
    assert found.mismatch is None
    assert found.tensors == 2
    assert found.values == IMAGES.size * 3


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (4, 1, 2, 3), (2, 1, 0, 2)])
def test_a_difference_is_located_at_its_earliest_block(place):
    def broken():
        done = 0
        for values in shown(IMAGES):
            image, *rest = place
            if done <= image < done + len(values["half"]):
                for tensor in values.values():
                    tensor[image - done, *rest] += 1
            done += len(values["half"])
            yield values

    found = compare("stage", REFERENCE, broken(), silent).mismatch
    assert (found.stage, found.block, found.tensor) == ("stage", "half", "half")
    assert (found.image, found.channel, found.y, found.x) == place
    assert found.got == found.expected + 1


def test_a_stage_that_loses_images_is_no_match():
    with pytest.raises(RuntimeError, match="gave 4 of 5 images"):
        compare("stage", REFERENCE, shown(IMAGES[:4]), silent)


def test_random_images_reach_both_ends_of_the_range():
    images = random_images(TensorType((3, 16, 16), 0, 255), 4)
    assert (images.min(), images.max()) == (0, 255)
    assert np.array_equal(images, random_images(TensorType((3, 16, 16), 0, 255), 4))


def test_all_stages_of_a_trained_network_are_exact_at_every_tensor(tiny_build):
    verdict = json.loads((tiny_build / "verify.json").read_text())
    assert list(verdict)[:4] == ["stages", "images", "exact", "first_mismatch"]
    assert verdict["skipped"] == verdict["ties"] == [] and verdict["pictures"] is None
    assert [stage["name"] for stage in verdict["stages"]] == list(OF_A_RUN)
    assert all(set(stage) == STAGE_FIELDS for stage in verdict["stages"])
    assert verdict["exact"] and verdict["first_mismatch"] is None and verdict["images"] == 2
    tensors = {stage["name"]: stage["tensors"] for stage in verdict["stages"]}
    every = len(open_build(tiny_build).graph.types)
    assert tensors["rtl"] == tensors["hls"] == tensors["onnxruntime"] == tensors["graph"] == every
    assert tensors["brevitas"] > 0.9 * every
    assert len(verdict["coverage"]) == every < tensors["blocks"]
    assert all(stage["exact"] for stage in verdict["stages"])


def test_a_build_from_a_qonnx_file_is_verified_on_random_images_without_pytorch(tiny_build, tmp_path):
    file = shutil.copyfile(tiny_build / "model.qonnx.onnx", tmp_path / "tiny.onnx")
    build = export(file, tmp_path / "build").folder
    assert not build.run.exists()
    verdict = verify(build, images=1, fast_images=3)
    assert {stage.name: stage.images for stage in verdict.stages if stage.name in FAST} == dict.fromkeys(FAST, 3)
    assert [stage.name for stage in verdict.stages] == list(OF_AN_ONNX_FILE)
    assert verdict.exact


def test_verifying_no_image_is_refused(tiny_build):
    with pytest.raises(BuildError, match="0 images"):
        verify(tiny_build, images=0)


def test_a_damaged_graph_is_refused(build_copy):
    (build_copy / "graph.npz").write_bytes(b"damaged")
    with pytest.raises(GraphError, match=r"graph\.npz"):
        verify(build_copy, images=1, changed=True)


def test_two_commands_do_not_write_into_one_build(build_copy):
    with open_build(build_copy).locked(), pytest.raises(BuildError, match="another command is at work"):
        verify(build_copy, images=1)


def test_chosen_stages_are_a_part_of_a_verdict_and_said_to_be(build_copy, capfd):
    assert status(["verify", str(build_copy), "--images", "1", "--stages", "onnxruntime,graph"]) == 0
    assert "exact in part" in capfd.readouterr().out
    verdict = json.loads((build_copy / "verify.json").read_text())
    assert [stage["name"] for stage in verdict["stages"]] == ["onnxruntime", "graph"]
    assert verdict["skipped"] == ["brevitas", "qonnx", "hls", "blocks", "rtl"]
    result = report(open_build(build_copy), html=True).summary
    assert result.verification.outcome == "part"
    page = (build_copy / "report.html").read_text()
    assert "Verified in part" in page and "Bit-exact" not in page
    assert compare_summaries(result, result, ("a", "b")).a.exact is None


def test_unknown_stages_are_refused(tiny_build):
    with pytest.raises(BuildError, match="unknown stage 'rlt'"):
        verify(tiny_build, stages=["rlt"])


def test_pictures_of_ones_own_are_brought_to_the_input(build_copy, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for name, shape in {"wide.png": (20, 50, 3), "as_large.png": (32, 32, 3), "grey.png": (64, 40)}.items():
        Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).save(pictures / name)
    build = open_build(build_copy)
    images = picture_images(build, pictures)
    assert images.shape == (3, *build.graph.inputs["image"].shape)
    assert np.array_equal(images[0], read_picture(pictures / "as_large.png"))
    verdict = verify(build, images=pictures, stages=["graph"])
    assert (verdict.exact, verdict.images, verdict.pictures) == (True, 3, str(pictures))


def test_pictures_are_refused_by_an_input_that_takes_none(build_copy):
    build = open_build(build_copy)
    foreign = replace(build.graph, inputs={"image": replace(build.graph.inputs["image"], hi=127)})
    save(foreign, build.graph_file)
    with pytest.raises(GraphError, match="takes no pictures"):
        verify(build_copy, images="anywhere", stages=["graph"], changed=True)


def other_weight(build):
    """One bias of the last convolution, by so little that no image need show it."""
    node = [node for node in build.graph.nodes if node.op.kind == "conv"][-1]
    bias = node.op.bias.copy()
    bias[-1] += 1
    nodes = tuple(replace(n, op=replace(n.op, bias=bias)) if n is node else n for n in build.graph.nodes)
    return node.name, replace(build.graph, nodes=nodes)


def test_a_stored_graph_that_is_not_the_files_is_named_with_what_differs(build_copy):
    name, changed = other_weight(open_build(build_copy))
    save(changed, build_copy / "graph.npz")
    build = open_build(build_copy, changed=True)
    assert f"node {name}: its bias differs" in import_module("codesign.verification.stages.graph").check(build)
    for stage in ("onnxruntime", "hls", "rtl"):
        assert "another graph" in import_module(f"codesign.verification.stages.{stage}").check(build)


def test_a_file_of_another_graph_fails_though_no_value_differs(build_copy, capfd):
    model = onnx.load(build_copy / "model.qcdq.onnx")
    (entry,) = [entry for entry in model.metadata_props if entry.key == DIGEST]
    entry.value = "0" * 64
    onnx.save(model, build_copy / "model.qcdq.onnx")
    assert status(["verify", str(build_copy), "--changed", "--images", "1", "--stages", "onnxruntime"]) == 1
    assert "made from another graph" in " ".join(capfd.readouterr().out.split())
    verdict = json.loads((build_copy / "verify.json").read_text())
    assert (verdict["exact"], verdict["first_mismatch"]) == (False, None)


def test_graphs_that_are_the_same_have_no_first_difference(tiny_build):
    graph = open_build(tiny_build).graph
    assert first_difference(graph, graph) is None
    assert first_difference(graph, replace(graph, name="other")) == "the name differs"


def test_state_that_one_frame_leaves_to_the_next_shows_even_for_one_image(build_copy, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    header = build_copy / "hls" / "firmware" / "nnet_utils" / "nnet_requant.h"
    text = header.read_text()
    assert text.count("RequantPixel:") == 1
    header.write_text(
        text.replace("RequantPixel:", "static int leaves = 0;\n    leaves++;\nRequantPixel:").replace(
            "out[c] = y;", "out[c] = leaves > 1 ? CONFIG_T::lo : y;"
        )
    )
    verdict = verify(build_copy, images=1, stages=["hls"], changed=True)
    assert not verdict.exact and verdict.first_mismatch.image == 0


def test_every_image_is_run_and_some_behind_others_than_before():
    order = import_module("codesign.verification.stages.hls")._order
    for count in range(1, 40):
        assert sorted(set(order(count))) == list(range(count))
        assert len(order(count)) > count


def test_all_stages_tell_how_far_they_are(build_copy, monkeypatch):
    monkeypatch.setattr("codesign.verification.reference.MOST", 4)
    told = {}

    def progress(what, done, total):
        told.setdefault(what, []).append((done, total))

    verify(build_copy, images=8, stages=["brevitas", "onnxruntime", "graph"], progress=progress)
    for steps in told.values():
        assert steps[0] == (0, 8) and steps[-1] == (8, 8) and len(steps) > 2
    assert list(told) == ["brevitas", "onnxruntime", "graph"]
