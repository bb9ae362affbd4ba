"""The simulator's side of `test_bitstream.py`: the driver of the serial line, bit by bit over its two wires."""

import os
import pickle
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.task import bridge, resume
from cocotb.triggers import ClockCycles, FallingEdge, Timer

from codesign.board import uart

FOLDER = os.environ["SERIAL_FOLDER"]
BIT_CYCLES = int(os.environ["SERIAL_BIT_CYCLES"])
TASK = pickle.loads(Path(os.environ["SERIAL_TASK"]).read_bytes())
CYCLE_NS = 10
BIT_NS = CYCLE_NS * BIT_CYCLES


class Line:
    """A serial port as pyserial has it, at the wires of the design."""

    def __init__(self, dut):
        self.dut, self.got = dut, bytearray()
        self.write = resume(self._write)
        self.read = resume(self._read)
        self.send_break = resume(self._send_break)
        cocotb.start_soon(self._receive())

    def reset_input_buffer(self):
        pass  # what was sent before the break is gone: nothing of it is read later, see `_send_break`

    def close(self):
        pass

    async def _write(self, data):
        for byte in data:
            for bit in (0, *(byte >> place & 1 for place in range(8)), 1):
                self.dut.rx_i.value = bit
                await Timer(BIT_NS, "ns")

    async def _read(self, count):
        for _ in range(4000):
            if len(self.got) >= count:
                break
            await Timer(BIT_NS, "ns")
        data, self.got = bytes(self.got[:count]), self.got[count:]
        return data

    async def _send_break(self, _seconds):
        self.dut.rx_i.value = 0
        await Timer(24 * BIT_NS, "ns")
        self.got.clear()
        self.dut.rx_i.value = 1
        await Timer(2 * BIT_NS, "ns")

    async def _receive(self):
        while True:
            await FallingEdge(self.dut.tx_o)
            await Timer(BIT_NS * 3 // 2, "ns")
            byte = 0
            for place in range(8):
                byte |= int(self.dut.tx_o.value) << place
                await Timer(BIT_NS, "ns")
            if int(self.dut.tx_o.value):
                self.got.append(byte)


async def line(dut):
    dut.rx_i.value = 1
    dut.rst_ni.value = 0
    Clock(dut.clk_i, CYCLE_NS, "ns").start()
    await ClockCycles(dut.clk_i, 4)
    dut.rst_ni.value = 1
    return Line(dut)


def equal(found, expected):
    return found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in expected)


@cocotb.test(timeout_time=60, timeout_unit="ms")
async def frames_in_give_what_the_network_says(dut):
    port = await line(dut)

    def program():
        with uart.SerialAccelerator(FOLDER, port) as net:
            found = net(TASK["frames"])
            tested = net.self_test()
        assert tested.passed and tested.frames == 2, str(tested)
        assert len(found) == len(TASK["expected"]) and all(map(equal, found, TASK["expected"]))

    await bridge(program)()


@cocotb.test(timeout_time=60, timeout_unit="ms")
async def a_frame_that_was_cut_short_does_not_disturb_the_next_start(dut):
    port = await line(dut)

    def program():
        with uart.SerialAccelerator(FOLDER, port):
            port.write(bytes(7))
        with uart.SerialAccelerator(FOLDER, port) as net:
            assert equal(net(TASK["frames"][0])[0], TASK["expected"][0])

    await bridge(program)()
