"""Binary convolution: an instance of `conv` that counts equal bits, or a module of its own around an adder graph."""

from __future__ import annotations

from codesign.emit.rtl import adder_graph, mvu, windows
from codesign.emit.rtl.base import Block, Port, Source, template
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import binary_conv as built


def block(
    name: str, op: BinaryConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    if folding.wired:
        return _wired(name, op, inputs, outputs, folding)
    unit, window = built.unit(op, inputs, outputs, folding), built.window(op, inputs, folding)
    return mvu.convolution(name, op, outputs[0], unit, window, BEATS=unit.steps, XNOR=1)


def _wired(
    name: str, op: BinaryConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,) = inputs, outputs
    form = built.wired(op, inputs, outputs, folding)
    shape = {"SIMD": folding.simd, "BEATS": form.window.beats, "BLOCK": int(form.window.in_block)}
    module = f"{name}_wired"
    text = template("binary_conv.sv.j2").render(
        name=module,
        inputs=op.inputs,
        outputs=y.channels,
        latency=form.graph.latency_cycles(built.STAGE_LEVELS),
        simd=folding.simd,
        bits=y.bits,
        half_bits=adder_graph.output_bits(form.graph),
        odd=op.inputs % 2,
        window=shape | windows.geometry(op, x, y),
    )
    graph = adder_graph.module(form.graph, f"{module}_graph", built.STAGE_LEVELS)
    sources = (Source(module, text), Source(f"{module}_graph", graph))
    return Block(module, {}, (Port.of(x, folding.simd),), (Port.of(y, y.channels),), (), sources)
