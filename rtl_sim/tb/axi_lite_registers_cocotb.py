"""The simulator's side of `test_axi_lite_registers.py`: an AXI4-Lite master, and frames by a model's rules."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from codesign.emit.rtl import registers
from codesign.emit.rtl.registers import REGISTERS, offset

PAUSES = ((0.0, 0.0, 0.0), (0.9, 0.0, 0.0), (0.0, 0.9, 0.0), (0.5, 0.5, 0.5), (0.2, 0.2, 0.9))
"""Chance of a pause in a cycle: on the channels of addresses, of write data, and of responses."""


class Design:
    """The bench: registers by name, and a model of the frames that have passed, kept cycle by cycle."""

    def __init__(self, dut, seed):
        self.dut, self.random = dut, random.Random(seed)
        self.inputs, self.outputs = len(dut.in_valid_i), len(dut.out_last_i)
        self.master = AxiLiteMaster(
            AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i, dut.rst_ni, reset_active_level=False
        )
        self.cycle = 0
        self.beats = [0] * self.inputs
        self.out = [0] * self.outputs
        self.begins, self.ends = [], []  # cycle by frame
        self.source_chance, self.sink_chance, self.finish_chance = 0.0, 0.7, 0.1

    def frames_begun(self):
        return max(-(-beats // (5 - i)) for i, beats in enumerate(self.beats))

    def frames_in(self):
        return min(beats // (5 - i) for i, beats in enumerate(self.beats))

    def bits(self, width, chance):
        return sum((self.random.random() < chance) << i for i in range(width))

    async def reset(self):
        """Writers and readers wait from the first cycle on; nothing may pass before a start."""
        dut = self.dut
        for signal in (dut.out_last_i, dut.weights_error_i, dut.rst_ni):
            signal.value = 0
        dut.in_valid_i.value = dut.out_ready_i.value = (1 << self.inputs) - 1
        Clock(dut.clk_i, 2, "ns").start()
        await ClockCycles(dut.clk_i, 4)
        await FallingEdge(dut.clk_i)
        dut.rst_ni.value = 1
        await ReadOnly()
        assert int(dut.in_ready_o.value) == int(dut.out_valid_o.value) == 0
        cocotb.start_soon(self.play())

    async def play(self):
        """Offers beats, takes them, and lets frames out that are in, one a cycle on each output at most."""
        dut = self.dut
        offered = 0
        while True:
            await FallingEdge(dut.clk_i)
            offered |= self.bits(self.inputs, self.source_chance)
            dut.in_valid_i.value = offered
            dut.out_ready_i.value = self.bits(self.inputs, self.sink_chance)
            inside = self.frames_in()
            lasts = [n < inside and self.random.random() < self.finish_chance for n in self.out]
            dut.out_last_i.value = sum(last << i for i, last in enumerate(lasts))
            await ReadOnly()
            passing = int(dut.out_valid_o.value) & int(dut.out_ready_i.value)
            assert int(dut.in_ready_o.value) & ~int(dut.out_ready_i.value) == 0
            assert passing == int(dut.in_valid_i.value) & int(dut.in_ready_o.value)
            begun, gone = self.frames_begun(), min(self.out)
            self.beats = [n + (passing >> i & 1) for i, n in enumerate(self.beats)]
            self.out = [n + last for n, last in zip(self.out, lasts, strict=True)]
            self.begins += [self.cycle] * (self.frames_begun() - begun)
            self.ends += [self.cycle] * (min(self.out) - gone)
            offered &= ~passing
            self.cycle += 1

    def pause(self, address, data, response):
        def generator(chance):
            while True:
                yield self.random.random() < chance

        write, read = self.master.write_if, self.master.read_if
        for channel in (write.aw_channel, read.ar_channel):
            channel.set_pause_generator(generator(address))
        write.w_channel.set_pause_generator(generator(data))
        for channel in (write.b_channel, read.r_channel):
            channel.set_pause_generator(generator(response))

    async def read(self, at, response=AxiResp.OKAY):
        answer = await self.master.read(offset(at) if isinstance(at, str) else at, 4)
        assert answer.resp == response, f"{at}: {answer.resp!r}"
        return int.from_bytes(answer.data, "little")

    async def write(self, at, value, response=AxiResp.OKAY, size=4):
        at = offset(at) if isinstance(at, str) else at
        answer = await self.master.write(at, value.to_bytes(size, "little"))
        assert answer.resp == response, f"{at:#x}: {answer.resp!r}"

    async def counts_are_right(self):
        """At rest."""
        assert await self.read("FRAMES_IN") == self.frames_in() == self.frames_begun()
        assert await self.read("FRAMES_OUT") == len(self.ends)


async def start(dut, seed=1):
    design = Design(dut, seed)
    await design.reset()
    return design


@cocotb.test(timeout_time=200, timeout_unit="us")
async def what_never_changes_can_be_read_and_not_written(dut):
    design = await start(dut)
    digits = f"{int(dut.MODEL_HASH.value):032x}"
    expected = {"ID": registers.ID, "MAP_VERSION": registers.MAP_VERSION}
    expected |= {f"MODEL_HASH_{i}": int(digits[8 * i : 8 * i + 8], 16) for i in range(4)}
    for register in REGISTERS:
        if register.access == "read":
            before = await design.read(register.name)
            await design.write(register.name, 0xFFFFFFFF, AxiResp.SLVERR)
            assert register.name.startswith("CYCLES") or await design.read(register.name) == before
            assert expected.get(register.name, before) == before
    for at in {*range(0, 1 << registers.ADDRESS_BITS, 4)} - {register.offset for register in REGISTERS}:
        assert await design.read(at, AxiResp.SLVERR) == 0
        if at % 64 == 0:
            await design.write(at, 0xFFFFFFFF, AxiResp.SLVERR)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def reads_and_writes_pass_in_any_order_under_back_pressure(dut):
    design = await start(dut)
    names = ("WEIGHTS_BASE_LOW", "WEIGHTS_BASE_HIGH")
    held = dict.fromkeys(names, 0)

    async def keep_reading():
        for _ in range(60):
            assert await design.read("ID") == registers.ID
            await design.read(0xFFC, AxiResp.SLVERR)

    for pauses in PAUSES:
        design.pause(*pauses)
        reading = cocotb.start_soon(keep_reading())
        for _ in range(25):
            writes = []
            for name in design.random.choices(names, k=4):  # all under way at once
                size = design.random.choice((1, 2, 4))
                first = design.random.randrange(5 - size)
                value = design.random.randrange(1 << 8 * size)
                mask = ((1 << 8 * size) - 1) << 8 * first
                held[name] = held[name] & ~mask | value << 8 * first
                writes.append(cocotb.start_soon(design.write(offset(name) + first, value, size=size)))
                writes.append(cocotb.start_soon(design.write("ID", 5, AxiResp.SLVERR)))
            for write in writes:
                await write
            for name in names:
                assert await design.read(name) == held[name]
        await reading
    assert int(dut.weights_base_o.value) == held[names[1]] << 32 | held[names[0]]


@cocotb.test(timeout_time=200, timeout_unit="us")
async def frames_pass_whole_and_only_between_start_and_stop(dut):
    design = await start(dut)
    design.pause(0.3, 0.3, 0.3)
    design.source_chance = 0.8
    await ClockCycles(dut.clk_i, 50)
    assert sum(design.beats) == 0
    assert await design.read("STATUS") == 0b100
    for _ in range(30):
        design.sink_chance = design.random.choice((0.1, 0.6, 1.0))
        design.finish_chance = design.random.choice((0.02, 0.3, 1.0))
        before = design.frames_begun()
        await design.write("CONTROL", 1)
        await ClockCycles(dut.clk_i, design.random.randrange(40))
        assert await design.read("CONTROL") == 1
        assert await design.read("STATUS") & 0b101 == 0b001
        await design.write("CONTROL", 0)
        while not await design.read("STATUS") & 0b100:
            pass
        await ReadOnly()
        at_rest = design.frames_begun()
        assert [beats % (5 - i) for i, beats in enumerate(design.beats)] == [0] * design.inputs
        await ClockCycles(dut.clk_i, 20)
        assert design.frames_begun() == at_rest >= before
        assert design.out == [at_rest] * design.outputs
        await design.counts_are_right()
    assert at_rest > 30


@cocotb.test(timeout_time=200, timeout_unit="us")
async def the_status_tells_a_frame_in_flight(dut):
    design = await start(dut)
    design.source_chance, design.finish_chance = 1.0, 0.0
    await design.write("CONTROL", 1)
    await ClockCycles(dut.clk_i, 40)
    assert await design.read("STATUS") == 0b011
    await design.write("CONTROL", 0)
    await ClockCycles(dut.clk_i, 40)
    assert await design.read("STATUS") == 0b010
    design.finish_chance = 1.0
    await ClockCycles(dut.clk_i, 40)
    assert await design.read("STATUS") == 0b100
    await design.counts_are_right()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def interval_and_latency_are_those_of_the_last_frames(dut):
    design = await start(dut)
    design.source_chance = 0.6
    assert (await design.read("INTERVAL_CYCLES"), await design.read("LATENCY_CYCLES")) == (0, 0)
    for finish_chance in (1.0, 0.3, 0.03):  # down to many frames in flight
        design.finish_chance = finish_chance
        for _ in range(8):
            await design.write("CONTROL", 1)
            await ClockCycles(dut.clk_i, design.random.randrange(1, 120))
            await design.write("CONTROL", 0)
            while not await design.read("STATUS") & 0b100:
                pass
            ends, begins = design.ends, design.begins
            interval = ends[-1] - ends[-2] if len(ends) > 1 else 0
            assert await design.read("INTERVAL_CYCLES") == interval
            measured, latency = 0, 0
            for begin, end in zip(begins, ends, strict=True):
                if begin >= measured:
                    measured, latency = end, end - begin
            assert await design.read("LATENCY_CYCLES") == latency


@cocotb.test(timeout_time=200, timeout_unit="us")
async def cycles_are_read_without_a_tear(dut):
    design = await start(dut)
    offsets = []
    for pauses in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5)):
        design.pause(*pauses)
        for _ in range(40):
            await FallingEdge(dut.clk_i)
            at = (1 << 32) - design.random.randrange(40)
            dut.i_registers.cycles.value = at
            now = design.cycle
            await ClockCycles(dut.clk_i, design.random.randrange(20))
            low = await design.read("CYCLES_LOW")
            latest = design.cycle
            await ClockCycles(dut.clk_i, design.random.randrange(60))
            value = await design.read("CYCLES_HIGH") << 32 | low
            assert at <= value <= at + latest - now
            offsets.append(value >> 32)
    assert {*offsets} == {0, 1}
    await FallingEdge(dut.clk_i)
    dut.i_registers.cycles.value = 0
    before = await design.read("CYCLES_LOW"), design.cycle
    await ClockCycles(dut.clk_i, 100)
    after = await design.read("CYCLES_LOW"), design.cycle
    assert abs((after[0] - before[0]) - (after[1] - before[1])) <= 30


@cocotb.test(timeout_time=200, timeout_unit="us")
async def the_weights_address_is_fixed_by_the_first_start(dut):
    design = await start(dut)
    await design.write("WEIGHTS_BASE_LOW", 0x12345000)
    await design.write("WEIGHTS_BASE_HIGH", 7)
    await design.write("CONTROL", 0)
    assert int(dut.weights_start_o.value) == 0
    await design.write(offset("CONTROL") + 1, 1, size=1)  # not the byte of the bit
    assert int(dut.weights_start_o.value) == 0
    await design.write("CONTROL", 1)
    assert int(dut.weights_start_o.value) == 1
    await design.write(offset("CONTROL") + 1, 0, size=1)
    assert await design.read("CONTROL") == 1
    await design.write("CONTROL", 0)
    assert int(dut.weights_start_o.value) == 1
    for name in ("WEIGHTS_BASE_LOW", "WEIGHTS_BASE_HIGH"):
        await design.write(name, 0, AxiResp.SLVERR)
    assert int(dut.weights_base_o.value) == 0x7_1234_5000


@cocotb.test(timeout_time=200, timeout_unit="us")
async def an_error_stays_until_it_is_cleared(dut):
    design = await start(dut)
    assert await design.read("ERRORS") == 0
    await FallingEdge(dut.clk_i)
    dut.weights_error_i.value = 1
    await FallingEdge(dut.clk_i)
    dut.weights_error_i.value = 0
    for value in (0, 0xFFFFFFFE):
        await design.write("ERRORS", value)
        assert await design.read("ERRORS") == 1
    await design.write("ERRORS", 1)
    assert await design.read("ERRORS") == 0
    await RisingEdge(dut.clk_i)
    dut.weights_error_i.value = 1
    await design.write("ERRORS", 1)
    assert await design.read("ERRORS") == 1
