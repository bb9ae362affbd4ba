"""The simulator's side of `codesign.bench`: runs all blocks of `bench_top` once per stall pattern.

It lies beside that package, since each simulator would import all of it first.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge


@cocotb.test()
async def streams_pass(dut: Any) -> None:
    """Resets, streams all frames and keeps what the sinks have recorded, for every pattern in $BENCH_STALLS."""
    Clock(dut.clk_i, 2, "ns").start()
    stuck = []
    for index, (source_stall, sink_stall) in enumerate(json.loads(os.environ["BENCH_STALLS"])):
        dut.rst_ni.value = 0
        dut.dump_i.value = 0
        dut.source_stall_i.value = source_stall
        dut.sink_stall_i.value = sink_stall
        await ClockCycles(dut.clk_i, 4)
        dut.rst_ni.value = 1
        await RisingEdge(dut.over_o)
        if dut.stuck_o.value:
            stuck.append(index)
        dut.dump_i.value = 1
        await ClockCycles(dut.clk_i, 2)
        for kind in ("first", "data", "cycles", "count"):
            for file in Path().glob(f"*.{kind}"):
                file.rename(f"{file}.{index}")
    Path("stuck.json").write_text(json.dumps(stuck))
