"""Foreign networks through HLS and RTL: every tensor of the compiled project and of the simulated design."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from codesign.design import design_of
from codesign.emit.hls.project import emit_hls
from codesign.emit.hls.run import run_hls
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, IntArray
from codesign.schedule import schedule
from codesign.targets import load_target

TARGET, FRAMES_PER_S = "zcu104", 300.0
"""A board that holds them all; at this rate simulations are small, and blocks are folded."""

NETWORKS = (
    "zoo-tfc-w1a1",
    "finn-tfc-w1a1",
    "radioml-vgg10-w8a8",
    "mlperf-tiny-kws-dscnn-int8",
    "mlperf-tiny-ad-int8",
    "mlperf-tiny-ic-resnet8-int8",
    "brevitas-sfc_2w2a",
    "brevitas-cnv_1w1a",
    "resnet8-s8s8",
    "squeezenet-u8s8",
    "shufflenet-v2-s8s8",
    "vgg-u8s8",
    "inception-s8s8",
    "unet-nearest-s8s8",
    "unet-transposed-u8s8",
    "yolo-silu-u8s8",
    "dilated-s8s8",
    "speech-1d-u8s8",
)
"""Networks of every format and kind of layer, small enough for a C++ compiler."""


def through_hardware(graph: Graph, images: IntArray) -> Iterator[tuple[str, dict[str, IntArray]]]:
    """The stages `hls` and `rtl` with every tensor, (N, C, H, W), that the design computes for images (N, C, H, W)."""
    computed = [name for name in graph.types if name not in graph.inputs]
    target = load_target(TARGET)
    design = design_of(graph, target, schedule(graph, target, fps=FRAMES_PER_S))
    with tempfile.TemporaryDirectory(prefix="field_") as scratch:
        folder = Path(scratch)
        emit_hls(design, folder / "hls")
        yield "hls", run_hls(folder / "hls", graph, images, computed)
        rtl = emit_rtl(design, folder / "rtl").folder
        yield "rtl", dict(simulate(rtl, graph, images, tensors=computed).values)
