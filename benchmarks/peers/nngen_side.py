"""A chain of convolutions out of NNgen: its Verilog, and what that takes to run in Verilator.

Part of `vs_nngen.py`. NNgen's conventions: activations (N, H, W, C), weights (C_out, kH, kW, C_in), rounding half away
from zero, so its results are checked against its own software model.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import nngen as ng
import numpy as np
import veriloggen.thread as vthread
import veriloggen.types.axi as axi
from veriloggen import Module, Not, Seq, simulation

from codesign.emit.rtl.verilator import environment
from codesign.graph import Graph, IntArray

CHUNK = 64
AXI_BITS = 32
MEMORY_BITS = 32
MEMORY_WORDS = 1 << 20
TOP = "accelerator"


@dataclass(frozen=True)
class Run:
    """cycles: from the write of the start register to the busy register being read as 0. exact: against NNgen's own
    software model."""

    cycles: int
    exact: bool


def design(graph: Graph, par_ich: int, par_och: int) -> tuple[ng.placeholder, ng.conv2d]:
    """`graph`, a chain of conv, requant and upsample, as NNgen's operators: (input, output)."""
    ((name, kind),) = graph.inputs.items()
    shape = (1, kind.height, kind.width, kind.channels)
    tensors = {name: ng.placeholder(ng.int8, shape=shape, name="image")}
    for node in graph.nodes:
        x = tensors[node.inputs[0]]
        if node.op.kind == "upsample":
            factors = (1, node.op.factor, node.op.factor, 1)
            tensors[node.name] = ng.upsampling2d(x, factors=factors, dtype=ng.int8, par=par_och)
        elif node.op.kind == "requant":
            tensors[node.name] = x
        else:
            ((reader, _),) = graph.consumers[node.name]
            tensors[node.name] = _convolution(node.name, node.op, reader.op, x, par_ich, par_och)
    (output,) = graph.outputs
    return tensors[name], tensors[output]


def _convolution(name, op, requant, x, par_ich: int, par_och: int) -> ng.conv2d:
    stem = name.replace(".", "_")
    weight = ng.variable(ng.int8, shape=op.weight.transpose(0, 2, 3, 1).shape, name=f"{stem}_weight")
    weight.set_value(op.weight.transpose(0, 2, 3, 1).astype(np.int64))
    bias = ng.variable(ng.int32, shape=op.bias.shape, name=f"{stem}_bias")
    bias.set_value(op.bias.astype(np.int64))
    (shift,) = requant.shift.tolist()
    top, left, bottom, right = op.pads
    return ng.conv2d(
        x,
        weight,
        strides=(1, *op.stride, 1),
        bias=bias,
        rshift_out=shift,
        act_func=ng.relu if requant.lo == 0 else None,
        padding=(top, bottom, left, right),
        dtype=ng.int8,
        sum_dtype=ng.int32,
        name=stem,
        par_ich=par_ich,
        par_och=par_och,
    )


def build(graph: Graph, image: IntArray, par_ich: int, par_och: int, folder: Path) -> tuple[Path, Path]:
    """Writes NNgen's Verilog and its test bench, one frame `image` (1, C, H, W); returns (design, test bench)."""
    folder.mkdir(parents=True, exist_ok=True)
    source, result = design(graph, par_ich, par_och)
    frame = image.transpose(0, 2, 3, 1).astype(np.int64)
    (expected,) = ng.eval([result], image=frame)
    hardware = ng.to_veriloggen([result], TOP, silent=True, config={"maxi_datawidth": AXI_BITS})
    (folder / f"{TOP}.v").write_text(hardware.to_verilog())
    weights = ng.export_ndarray([result], CHUNK)
    _write_bench(hardware, source, result, frame, expected, weights, par_ich, par_och, folder)
    return folder / f"{TOP}.v", folder / "bench.v"


def _aligned(address: int) -> int:
    return math.ceil(address / CHUNK) * CHUNK


def _write_bench(hardware, source, result, frame, expected, weights, par_ich, par_och, folder: Path) -> None:
    weight_addr = _aligned(source.addr + source.memory_size)
    expected_addr = _aligned(weight_addr + len(weights))
    scratch_addr = _aligned(expected_addr + result.memory_size)
    words = AXI_BITS // 8
    memory_image = np.zeros(MEMORY_WORDS, dtype=np.int64)
    axi.set_memory(memory_image, frame, MEMORY_BITS, 8, source.addr, max(words, par_ich))
    axi.set_memory(memory_image, weights, MEMORY_BITS, 8, weight_addr)
    axi.set_memory(memory_image, expected, MEMORY_BITS, 8, expected_addr, max(words, par_och))

    bench = Module("bench")
    bench.copy_params(hardware)
    ports = bench.copy_sim_ports(hardware)
    clock, reset_n = ports["CLK"], ports["RESETN"]
    reset = bench.Wire("RST")
    reset.assign(Not(reset_n))
    with chdir(folder):
        memory = axi.AxiMemoryModel(
            bench,
            "memory",
            clock,
            reset,
            datawidth=AXI_BITS,
            memimg=memory_image,
            memimg_name="memory.img",
            memimg_datawidth=MEMORY_BITS,
        )
    memory.connect(ports, "maxi")
    registers = vthread.AXIMLite(bench, "registers", clock, reset, noio=True)
    registers.connect(ports, "saxi")
    cycle = bench.Reg("cycle", 32, initval=0)
    Seq(bench, "count", clock, reset)(cycle.inc())
    outputs = int(np.prod(result.aligned_shape))

    def control():
        ng.sim.set_global_addrs(registers, scratch_addr)
        started = cycle.value
        ng.sim.start(registers)
        ng.sim.wait(registers)
        ended = cycle.value
        wrong = 0
        for i in range(outputs):
            found = memory.read_word(i, result.addr, 8)
            wanted = memory.read_word(i, expected_addr, 8)
            if vthread.verilog.NotEql(found, wanted):
                wrong += 1
        print("cycles %d wrong %d" % (ended - started, wrong))  # noqa: UP031  (becomes a $display)
        vthread.finish()

    vthread.Thread(bench, "controller", clock, reset, control).start()
    bench.Instance(hardware, "dut", params=bench.connect_params(hardware), ports=bench.connect_ports(hardware))
    simulation.setup_clock(bench, clock, hperiod=5)
    simulation.setup_reset(bench, reset_n, bench.make_reset(), period=100, polarity="low")
    (folder / "bench.v").write_text(bench.to_verilog())


def simulate(bench: Path) -> Run:
    """Compiles the test bench, which holds the design, with Verilator and runs it."""
    command = [
        *("verilator_bin", "--binary", "--timing", "-Wno-lint", "-Wno-fatal", "-O3", "--top-module", "bench"),
        *("-CFLAGS", "-std=c++20 -fcoroutines", "--Mdir", "obj", bench.name),
        *("-MAKEFLAGS", "OPT_FAST=-O1 OPT_SLOW=-O0 VM_PARALLEL_BUILDS=1"),
    ]
    subprocess.run(command, cwd=bench.parent, env=environment(), check=True, capture_output=True)
    done = subprocess.run(
        [os.path.abspath(bench.parent / "obj" / "Vbench")], cwd=bench.parent, check=True, capture_output=True, text=True
    )
    cycles, wrong = map(int, re.search(r"cycles\s+(\d+) wrong\s+(\d+)", done.stdout).groups())
    return Run(cycles, wrong == 0)
