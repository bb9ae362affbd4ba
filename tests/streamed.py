"""A small network whose weights come from memory, as RTL and as a package for the board."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from codesign.design import Design
from codesign.emit.board import emit_board
from codesign.emit.core import emit_core
from codesign.emit.driver import emit_driver
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.targets import load_target
from tests.designs import designed

WIDTHS = (3, 64, 768, 12)


@cache
def network() -> Graph:
    """Three convolutions of random weights; the middle one is too large for the board of `emit`."""
    rng = np.random.default_rng(4)
    nodes, x = [], "image"
    for number, (inputs, outputs) in enumerate(pairwise(WIDTHS)):
        kernel, shift = (3, 6) if number == 0 else (1, 8)
        weight = rng.integers(-7, 8, (outputs, inputs, kernel, kernel))
        bias = rng.integers(-200, 200, outputs)
        lo, hi = (-128, 127) if number == 2 else (0, 255)
        nodes.append(Node(f"conv{number}", Conv(weight, bias, (2.0**-shift,), (1, 1), (kernel // 2,) * 4), (x,)))
        nodes.append(Node(f"quant{number}", Requant(np.array([shift]), lo, hi, 1.0), (f"conv{number}",)))
        x = f"quant{number}"
    return Graph("streamed", {"image": TensorType((3, 4, 4), 0, 255)}, tuple(nodes), (x,))


def small() -> Design:
    """The network on a board that is too small for it."""
    target = load_target("pynq-z2")
    less = target.model_copy(update={"resources": target.resources.model_copy(update={"bram36": 4, "lut": 3500})})
    return designed(network(), less, fps=8000, streaming=True)


def emit(folder: Path) -> Design:
    """Writes `rtl/`, `driver/` and `board/` of the network into `folder`."""
    design = small()
    project = emit_rtl(design, folder / "rtl")
    emit_core(design, project)
    emit_driver(design, project, folder / "driver", recipe=None, versions={})
    emit_board(design, project, folder / "board", driver=folder / "driver", recipe=None)
    return design
