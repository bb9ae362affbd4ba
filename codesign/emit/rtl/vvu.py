"""Parameters and memory files of the vector-vector unit."""

from __future__ import annotations

from codesign.emit.rtl.base import Memory
from codesign.hardware.vvu import Vvu


def parameters(name: str, unit: Vvu) -> dict[str, int | str]:
    """Parameters that `depthwise` and `deform` share, without those of their windows."""
    return {
        "LANES": unit.window.lanes,
        "X_BITS": unit.window.x.bits,
        "X_SIGNED": int(unit.window.x.signed),
        "W_BITS": unit.weight_bits,
        "BIAS_BITS": unit.bias_bits,
        "ACC_BITS": unit.accumulators.bits,
        "WEIGHT_BLOCK": int(unit.in_block(unit.weight_memory)),
        "BIAS_BLOCK": int(unit.in_block(unit.bias_memory)),
        "WEIGHT_FILE": f"{name}.weight.mem",
        "BIAS_FILE": f"{name}.bias.mem",
    }


def memories(name: str, unit: Vvu) -> tuple[Memory, ...]:
    return (
        Memory(f"{name}.weight.mem", unit.weight_words, unit.weight_bits),
        Memory(f"{name}.bias.mem", unit.bias_words, unit.bias_bits),
    )
