"""Verification: what it compares, what it writes, and when it refuses."""

import json
import shutil

import numpy as np
import pytest

from codesign.api.export import export
from codesign.api.verify import verify
from codesign.build_folder import open_build
from codesign.errors import BuildError, GraphError
from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.requant import Requant
from codesign.progress import silent
from codesign.verification import STAGES
from codesign.verification.compare import compare
from codesign.verification.images import random_images

GRAPH = Graph(
    "toy",
    {"x": TensorType((2, 3, 4), -8, 7)},
    (Node("half", Requant([1], -8, 7, 2.0), ("x",)), Node("both", Concat(), ("half", "half"))),
    ("both",),
)
IMAGES = random_images(GRAPH.inputs["x"], 5)


def shown(images, at_a_time=2):
    for start in range(0, len(images), at_a_time):
        yield execute(GRAPH, {"x": images[start : start + at_a_time]}, keep=("half", "both"))


def test_equal_tensors_compare_exact_and_are_counted():
    found = compare("stage", GRAPH, IMAGES, shown(IMAGES), silent)
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

    found = compare("stage", GRAPH, IMAGES, broken(), silent).mismatch
    assert (found.stage, found.block, found.tensor) == ("stage", "half", "half")
    assert (found.image, found.channel, found.y, found.x) == place
    assert found.got == found.expected + 1


def test_a_stage_that_loses_images_is_no_match():
    with pytest.raises(RuntimeError, match="gave 4 of 5 images"):
        compare("stage", GRAPH, IMAGES, shown(IMAGES[:4]), silent)


def test_random_images_reach_both_ends_of_the_range():
    images = random_images(TensorType((3, 16, 16), 0, 255), 4)
    assert (images.min(), images.max()) == (0, 255)
    assert np.array_equal(images, random_images(TensorType((3, 16, 16), 0, 255), 4))


def test_all_stages_of_a_trained_network_are_exact_at_every_tensor(tiny_build):
    verdict = json.loads((tiny_build / "verify.json").read_text())
    assert list(verdict) == ["stages", "images", "exact", "first_mismatch", "coverage"]
    assert [stage["name"] for stage in verdict["stages"]] == list(STAGES)
    fields = {"name", "exact", "tensors", "values", "seconds", "images", "protocol"}
    assert all(set(stage) == fields for stage in verdict["stages"])
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
    images = {stage.name: stage.images for stage in verdict.stages if stage.name != "blocks"}
    assert {name: count for name, count in images.items() if count != 1} == {"onnxruntime": 3, "graph": 3}
    assert [stage.name for stage in verdict.stages] == [name for name in STAGES if name != "brevitas"]
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
