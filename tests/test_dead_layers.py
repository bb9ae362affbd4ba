"""Layers that compute nothing, and what reads them, are built and verified like all others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

import codesign
from tests.onnx_nets import QonnxNet

RNG = np.random.default_rng(2)


def test_layers_of_zeros_and_what_reads_their_constants_are_exact_in_every_stage(tmp_path: Path) -> None:
    net = QonnxNet(1, 2, 4, 4)
    x = net.quant("image")
    dead = net.quant(net.conv(x, np.zeros((4, 2, 3, 3)), bias=[3, 0, 9, 1], pads=[1, 1, 1, 1]), 1.0, 4)
    silent = net.quant(net.conv(dead, np.zeros((4, 1, 3, 3)), pads=[1, 1, 1, 1], group=4), 1.0, 4)
    both = net.op("Concat", dead, silent, axis=1)
    onnx.save(
        net.model(net.quant(net.conv(both, RNG.integers(-3, 4, (2, 8, 3, 3))), 2.0, 8, signed=1)), tmp_path / "m.onnx"
    )
    codesign.export(tmp_path / "m.onnx", tmp_path / "build")
    verdict = codesign.verify(tmp_path / "build", images=2)
    assert verdict.exact, str(verdict.first_mismatch)
    assert "rtl" in {stage.name for stage in verdict.stages}
