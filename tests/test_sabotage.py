"""Verification can fail: a single wrong bit, rounding mode or offset in a build is caught and located."""

import json
import re

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from codesign.cli.main import status
from codesign.graph.names import identifier


def flip_a_weight_bit_in_the_rtl(build):
    """The lowest bit of the first weight in the stem's memory file: its block shows it, and the network."""
    (file,) = (build / "rtl" / "mem").glob("*stem*weight*")
    first, *rest = file.read_text().splitlines()
    file.write_text("\n".join([f"{int(first, 16) ^ 1:0{len(first)}x}", *rest]) + "\n")
    return {"blocks", "rtl"}, file.name.split(".weight")[0].replace(".", "__")


def truncate_instead_of_rounding_in_the_hls(build):
    """The first requantization of the project."""
    file = build / "hls" / "firmware" / "parameters.h"
    text = file.read_text()
    assert "AP_RND_CONV" in text
    file.write_text(text.replace("AP_RND_CONV", "AP_TRN", 1))
    return {"hls"}, re.findall(r"^// (\w+)$", text[: text.index("AP_RND_CONV")], re.MULTILINE)[-1]


def shift_an_offset_in_the_onnx_file(build):
    """The last deformable convolution takes its offsets from s - 2 instead of s - 1."""
    file = build / "model.qcdq.onnx"
    model = onnx.load(file)
    deform = [node for node in model.graph.node if node.op_type == "DeformConv"][-1]
    one = next(tensor for tensor in model.graph.initializer if tensor.name == f"{deform.name}/one")
    one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one) + np.float32(1), one.name))
    onnx.save(model, file)
    return {"onnxruntime"}, identifier(deform.output[0])


@pytest.mark.parametrize(
    "sabotage",
    [flip_a_weight_bit_in_the_rtl, truncate_instead_of_rounding_in_the_hls, shift_an_offset_in_the_onnx_file],
    ids=lambda function: function.__name__,
)
def test_verify_catches_and_locates(sabotage, build_copy, capfd):
    stages, block = sabotage(build_copy)
    assert status(["verify", str(build_copy), "--images", "2", "--changed"]) == 1
    verdict = json.loads((build_copy / "verify.json").read_text())
    first = verdict["first_mismatch"]
    assert not verdict["exact"]
    assert {entry["name"] for entry in verdict["stages"] if not entry["exact"]} == stages
    assert first["stage"] in stages and identifier(first["block"]) == block
    assert first["expected"] != first["got"]
    printed = " ".join(capfd.readouterr().out.split())
    place = f"channel {first['channel']}, y {first['y']}, x {first['x']}"
    assert f"stage {first['stage']}, block {first['block']}, {place}" in printed
    assert f"expected {first['expected']}, got {first['got']}" in printed
