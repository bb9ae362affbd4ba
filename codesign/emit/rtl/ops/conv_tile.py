"""The instance of `conv_tile.sv`: a convolution, its requantization, and what the memory holds of its weights.

It has the ports
    in0   the input pixels (of a kernel larger than 1x1: its windows, as `window.sv` gives them),
    in1   the weights: units of `pe` fields, to be joined to a `weight_reader` port whose region holds `Block.weights`,
    out0  the activations, or without a requantization the sums, in pixel order.
The weight port is no tensor of the graph. Before it gives its first pixel the block may wait for `tile` pixels of the
same frame, so a parallel branch must be able to hold as many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.emit.rtl.base import Block, Memory, Port, WeightStream
from codesign.emit.rtl.ops import requant as requant_block
from codesign.graph.op import IntArray
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.hardware.conv_tile import Plan
from codesign.hardware.conv_tile import plan as plan_of
from codesign.hardware.folding import Folding
from codesign.hardware.mvu import fold_matrix


def block(
    name: str, op: ConvTile, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    return unit(name, op.conv, inputs, (op.sums(*inputs),), folding, folding.tile, op.requant)


def unit(
    name: str,
    op: Conv,
    inputs: Sequence[TensorType],
    outputs: Sequence[TensorType],
    folding: Folding,
    tile: int,
    requant: Requant | None = None,
) -> Block:
    """The convolution in streamed form, `tile` pixels in flight; `outputs` are its sums.

    With `requant` the requantization that follows is part of the block, and its activations are what is buffered: the
    memory at the output then has their bits, not the sums'. Raises ScheduleError as `hardware.conv_tile.plan`.
    """
    (x,), (y,) = inputs, outputs
    out = requant.infer(y)[0] if requant else y
    plan = plan_of(op, y, out, x, folding, tile)
    parameters: dict[str, int | str] = {
        "TILE": tile,
        "STEPS": plan.steps,
        "GROUPS": plan.groups,
        "PIXELS": plan.vectors,
        "PE": folding.pe,
        "SIMD": folding.simd,
        "X_BITS": x.plain.bits,
        "X_SIGNED": int(x.plain.signed),
        "W_BITS": plan.weight_bits,
        "W_FIELD": plan.field_bits,
        "ACC_BITS": y.bits,
        "ACC_SIGNED": int(y.signed),
        "EXTRA": plan.extra,
        "EXTRA_STEPS": plan.extra_steps,
        "PAIR": int(plan.pair),
        "IN_ADDR": plan.in_addr,
        "IN_BLOCK": int(plan.in_block),
        "OUT_ADDR": plan.out_addr,
        "OUT_BLOCK": int(plan.out_block),
        "OUT_BITS": out.bits,
        "OUT_SIGNED": int(out.signed),
    }
    memories: tuple[Memory, ...] = ()
    if requant:
        inner = requant_block.block(name, requant, (y,), (out,), Folding(folding.pe, folding.pe))
        shared = ("LO", "HI", "MIN_SHIFT", "SPREAD", "SHIFT_FILE")
        parameters |= {"REQUANT": 1} | {key: inner.parameters[key] for key in shared if key in inner.parameters}
        memories = inner.memories
    ports = (Port.of(x.plain, folding.simd), Port(folding.pe, plan.field_bits, signed=True))
    weights = WeightStream(weight_units(op, plan), plan.field_bits, plan.port_words)
    return Block("conv_tile", parameters, ports, (Port.of(out, folding.pe),), memories, weights=weights)


def weight_units(op: Conv, plan: Plan) -> IntArray:
    """One pass of the weight stream: (units, pe) integers that fit `plan.field_bits`.

    Groups come in the order G-1, 0, 1, ..., G-2. A group is `steps` words in the order of `fold_matrix`, each of `simd`
    units, one an input lane, with `pe` weights. The first word of a group and the `extra_steps - 1` words before it (of
    the group before) are each followed by `extra` units. These hold, after zeros, `ceil(sum_bits / field_bits)` units
    with a field of each output's bias, low bits first. Vectors are (kernel row, kernel column, channel), the channel
    fastest.
    """
    pe, simd = plan.folding.pe, plan.folding.simd
    matrix = op.weight.transpose(0, 2, 3, 1).reshape(op.weight.shape[0], -1)
    words = fold_matrix(matrix, pe, simd).reshape(plan.groups, plan.steps, pe, simd).swapaxes(2, 3)
    bias = np.zeros(plan.groups * pe, dtype=np.int64)
    bias[: op.bias.size] = op.bias
    fields = -(-plan.sum_bits // plan.field_bits)
    mask = (1 << plan.field_bits) - 1
    digits = np.stack([bias >> (plan.field_bits * i) & mask for i in range(fields)]).reshape(fields, plan.groups, pe)
    extras = np.zeros((plan.groups, plan.extra_steps, plan.extra, pe), dtype=np.int64)
    extras.reshape(plan.groups, -1, pe)[:, -fields:] = digits.swapaxes(0, 1)
    following = np.roll(extras, -1, axis=0)
    stream = []
    for group in (np.arange(plan.groups) - 1) % plan.groups:
        for step in range(plan.steps):
            stream.append(words[group, step])
            if step == 0:
                stream.append(extras[group, -1])
            elif step > plan.steps - plan.extra_steps:
                stream.append(following[group, step - (plan.steps - plan.extra_steps) - 1])
    return np.concatenate(stream)
