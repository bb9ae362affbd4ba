"""Which input pixels an output pixel waits for: the dependence of a block's outputs on its inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesign.graph import TensorType
from codesign.hardware.folding import Types

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dependence:
    """Which input pixels an output pixel waits for, and what the block does with them meanwhile.

    last: for every output pixel of a frame, in raster order, the last pixel of input 0 that it needs; further inputs
    are needed up to the output pixel's own index, or, where they have fewer pixels, each for its share of the output's.
    whole: its first beat needs that pixel's last beat, not only its first. ahead: input 0 is stored on arrival;
    otherwise a pixel stays outside until the output before it is done. share: of that pixel's beats, where the part
    begins and ends, from 0 to 1, that the output pixel is made of; without it that is all of them.
    in_turn: the inputs' pixels pass one after another, not side by side. parts: what each output gets of a pixel, one
    after another; without them all outputs pass side by side. first: for every output pixel, the first pixel of input 0
    that its window has, before the frame's first one where it lies outside. wires: the block may be mere wires, so that
    what waits behind it waits in front of it as well.
    """

    last: Indices
    whole: bool
    ahead: bool
    in_turn: bool = False
    parts: tuple[int, ...] = ()
    first: Indices | None = None
    wires: bool = False
    share: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None


def in_bursts(dependence: Dependence, inputs: Types, outputs: Types, port: int) -> bool:
    """Whether the beats of a pixel are read one right behind the other, and then none for a while: by a join that takes
    its inputs in turn, or where a pixel of a further input serves several of the output's."""
    return dependence.in_turn or (port > 0 and inputs[port].pixels < outputs[0].pixels)


def element(outputs: Types) -> Dependence:
    """Output pixel n from input pixel n, beat by beat."""
    return Dependence(np.arange(outputs[0].pixels), whole=False, ahead=False)


def window(
    x: TensorType,
    y: TensorType,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[int, int],
    whole: bool,
) -> Dependence:
    """Windows of `kernel` at `stride`; pads (top, left).

    The ring counts pixels: a window that ends right of the frame awaits as many of the next row. Past the frame's end
    there is nothing to wait for.
    """
    rows = np.arange(y.height) * stride[0] - pads[0] + kernel[0] - 1
    columns = np.arange(y.width) * stride[1] - pads[1] + kernel[1] - 1
    last = (rows[:, None] * x.width + columns[None, :]).reshape(-1)
    first = last - (kernel[0] - 1) * x.width - (kernel[1] - 1)
    return Dependence(np.clip(last, 0, x.pixels - 1), whole=whole, ahead=True, first=first)
