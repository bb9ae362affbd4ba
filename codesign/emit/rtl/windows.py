"""Parameters of sliding windows."""

from __future__ import annotations

from typing import Protocol

from codesign.graph.types import TensorType
from codesign.graph.windows import Pads, Pair
from codesign.hardware.memory import mixed
from codesign.hardware.window import Window
from codesign.hardware.window_taps import WindowTaps


class Sliding(Protocol):
    """An operator on sliding windows."""

    @property
    def kernel(self) -> Pair: ...
    @property
    def stride(self) -> Pair: ...
    @property
    def pads(self) -> Pads: ...


def ring(window: Window) -> dict[str, int | str]:
    """Parameters that follow from the memory rules."""
    found: dict[str, int | str] = {
        "BEATS": window.beats,
        "WORDS": window.words,
        "RING_BLOCK": int(window.in_block),
    }
    return found | {"RING_REST": mixed(window.words)[1]} if window.mixed else found


def geometry(op: Sliding, x: TensorType, y: TensorType) -> dict[str, int]:
    """Where windows lie, for input type `x` and output type `y`."""
    return {
        "IN_Y": x.height,
        "IN_X": x.width,
        "OUT_Y": y.height,
        "OUT_X": y.width,
        "KERNEL_Y": op.kernel[0],
        "KERNEL_X": op.kernel[1],
        "STRIDE_Y": op.stride[0],
        "STRIDE_X": op.stride[1],
        "PAD_Y": op.pads[0],
        "PAD_X": op.pads[1],
    }


def sliding(op: Sliding, window: Window, y: TensorType) -> dict[str, int | str]:
    """Parameters of `window`, for output type `y`."""
    return {**geometry(op, window.x, y), **ring(window)}


def taps(op: Sliding, window: WindowTaps, y: TensorType) -> dict[str, int | str]:
    """Parameters of `window_taps`, for output type `y`."""
    ring = {"BEATS": window.beats, "TAPS": window.taps, "SLOTS": window.slots, "RING_BLOCK": int(window.in_block)}
    return {**geometry(op, window.x, y), **ring}
