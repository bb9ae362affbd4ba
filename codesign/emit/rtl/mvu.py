"""Parameters and memory files of the folded matrix-vector unit."""

from __future__ import annotations

from codesign.emit.rtl import windows
from codesign.emit.rtl.base import Block, Memory, Port
from codesign.graph.types import TensorType
from codesign.hardware.mvu import Mvu
from codesign.hardware.window import Window
from codesign.hardware.window_taps import WindowTaps


def convolution(
    name: str, op: windows.Sliding, y: TensorType, unit: Mvu, window: Window | WindowTaps | None, **parts: int
) -> Block:
    """The instance of `conv`, with the window in front of the unit if there is one.

    parts: parameters that say how the unit takes a window's beats.
    """
    found: dict[str, int | str] = {**parts, **parameters(name, unit)}
    if isinstance(window, WindowTaps):
        found |= windows.taps(op, window, y)
    elif window is not None:
        found |= windows.sliding(op, window, y)
    inputs, outputs = (Port.of(unit.x, unit.folding.simd),), (Port.of(y, unit.out_lanes),)
    return Block("conv", found, inputs, outputs, memories(name, unit))


def parameters(name: str, unit: Mvu) -> dict[str, int | str]:
    """Parameters that `mvu` and the blocks around it share, without STEPS."""
    return {
        "OUTPUTS": unit.outputs,
        "PE": unit.folding.pe,
        "SIMD": unit.folding.simd,
        "X_BITS": unit.x.bits,
        "X_SIGNED": int(unit.x.signed),
        "W_BITS": unit.weight_bits,
        "SUM_BITS": unit.sum_bits,
        "BIAS_BITS": unit.bias_bits,
        "ACC_BITS": unit.accumulators.bits,
        "OUT_LANES": unit.out_lanes,
        "PACK": int(unit.packed),
        "MULT": int(unit.folding.products == "lut"),
        "WEIGHT_BLOCK": int(unit.weight_block),
        "BIAS_BLOCK": int(unit.bias_block),
        "INPUT_BLOCK": int(unit.input_block),
        "WEIGHT_FILE": f"{name}.weight.mem",
        "BIAS_FILE": f"{name}.bias.mem",
    }


def memories(name: str, unit: Mvu) -> tuple[Memory, ...]:
    return (
        Memory(f"{name}.weight.mem", unit.weight_words, unit.weight_bits),
        Memory(f"{name}.bias.mem", unit.bias_words, unit.bias_bits),
    )
