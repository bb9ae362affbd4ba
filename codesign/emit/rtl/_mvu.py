"""Parameters and memory files of the folded matrix-vector unit."""

from __future__ import annotations

import numpy as np

from codesign.cost._memory import ram_in_block, rom_in_block
from codesign.cost._mvu import Mvu
from codesign.emit.rtl.base import Memory, fold_matrix


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
        "WEIGHT_BLOCK": int(rom_in_block(*unit.weight_memory)),
        "BIAS_BLOCK": int(rom_in_block(*unit.bias_memory)),
        "INPUT_BLOCK": int(ram_in_block(*unit.input_memory)),
        "WEIGHT_FILE": f"{name}.weight.mem",
        "BIAS_FILE": f"{name}.bias.mem",
    }


def memories(name: str, unit: Mvu) -> tuple[Memory, ...]:
    weight = fold_matrix(unit.matrix, unit.folding.pe, unit.folding.simd)
    bias = np.zeros(unit.out_beats * unit.out_lanes, dtype=np.int64)
    bias[: unit.outputs] = unit.bias
    return (
        Memory(f"{name}.weight.mem", weight, unit.weight_bits),
        Memory(f"{name}.bias.mem", bias.reshape(unit.out_beats, unit.out_lanes), unit.bias_bits),
    )
