"""The simulator's side of `test_driver.py`: the driver as it is on the board, over the pins of `accelerator.v`.

`pynq` is replaced at its lowest layer: `MMIO` is an AXI4-Lite master, a DMA's channels are the ends of AXI4 streams,
`allocate` gives memory with a cache in front that only `flush` and `invalidate` pass. Where the hardware's cells are it
reads from `vivado.tcl`. The rules of PYNQ's own classes are kept: a transfer on a busy channel, of memory that is not
aligned, or of more than a packet holds is an error.
"""

import contextlib
import functools
import io
import json
import os
import pickle
import re
import sys
import types
from pathlib import Path

import cocotb
import numpy as np
import pytest
from cocotb.clock import Clock
from cocotb.task import bridge, resume
from cocotb.triggers import ClockCycles
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiRamRead,
    AxiReadBus,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)
from PIL import Image

PACKAGE = Path(os.environ["BOARD_PACKAGE"])
TASK = pickle.loads(Path(os.environ["BOARD_TASK"]).read_bytes())
DESIGN = json.loads((PACKAGE / "deploy" / "design.json").read_text())
RESET = {"reset_active_level": False}
MEMORY_BYTES, ALIGNMENT = 1 << 22, 4096
PACKET_BYTES = (1 << 26) - 1


class Buffer(np.ndarray):
    """What `pynq.allocate` gives: an array whose contents reach the hardware by `flush`, and come by `invalidate`."""

    memory: bytearray
    device_address: int

    def flush(self):
        self.memory[self._where] = self.tobytes()

    def invalidate(self):
        self[...] = np.frombuffer(self.memory[self._where], self.dtype).reshape(self.shape)

    def freebuffer(self):
        self.device_address = None

    @property
    def _where(self):
        return slice(self.device_address, self.device_address + self.nbytes)


class Board:
    """The hardware around the pins, and the module `pynq` that leads to it."""

    def __init__(self, dut):
        self.dut = dut
        clocked = (dut.aclk, dut.aresetn)
        self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *clocked, **RESET)
        self.memory = bytearray(MEMORY_BYTES)
        self.free = ALIGNMENT
        self.cells = {name: int(at, 0) for name, at in PLACED.findall((PACKAGE / "vivado.tcl").read_text())}
        self.dmas = {name: types.SimpleNamespace() for name in self.cells if name != "accelerator"}
        for stream in DESIGN["inputs"]:
            bus = AxiStreamBus.from_prefix(dut, wire("s_axis", stream))
            self.dmas[stream["dma"]].sendchannel = Sender(self, AxiStreamSource(bus, *clocked, **RESET))
        for stream in [DESIGN["records"]] if DESIGN["records"] else DESIGN["outputs"]:
            bus = AxiStreamBus.from_prefix(dut, wire("m_axis", stream))
            self.dmas[stream["dma"]].recvchannel = Receiver(self, AxiStreamSink(bus, *clocked, **RESET))
        if DESIGN["weights"]:
            bus = AxiReadBus.from_prefix(dut, "m_axi_weights")
            AxiRamRead(bus, *clocked, **RESET, size=MEMORY_BYTES, mem=self.memory)

    async def reset(self):
        self.dut.aresetn.value = 0
        Clock(self.dut.aclk, 10, "ns").start()
        await ClockCycles(self.dut.aclk, 4)
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 2)

    def pynq(self):
        """The module as the driver imports it."""
        module = types.ModuleType("pynq")
        module.allocate = self.allocate
        module.MMIO = functools.partial(Mmio, self)
        overlay = types.SimpleNamespace(**self.dmas)
        overlay.ip_dict = {name: {"phys_addr": address} for name, address in self.cells.items()}
        module.Overlay = lambda bitfile: overlay
        return module

    def allocate(self, shape, dtype):
        buffer = np.full(shape, 0xA5, dtype).view(Buffer)  # whatever was there before
        buffer.memory, buffer.device_address = self.memory, self.free
        self.free += -(-buffer.nbytes // ALIGNMENT) * ALIGNMENT
        assert self.free <= MEMORY_BYTES
        return buffer


PLACED = re.compile(r"^place (\w+)/\w+ (0x[0-9A-F]+)$", re.MULTILINE)


def wire(side, stream):
    return f"{side}_{stream['tensor'].replace('.', '__')}"


class Mmio:
    """Registers at a physical address; only the accelerator's are there."""

    def __init__(self, board, address, length):
        assert address == board.cells["accelerator"] and length <= 0x10000
        self.registers = board.registers

    def read(self, offset):
        answer = resume(self.registers.read)(offset, 4)
        assert answer.resp == AxiResp.OKAY
        return int.from_bytes(answer.data, "little")

    def write(self, offset, value):
        assert resume(self.registers.write)(offset, value.to_bytes(4, "little")).resp == AxiResp.OKAY


class Channel:
    """Either side of a DMA: one transfer at a time."""

    def __init__(self, board, end):
        self.board, self.end, self.task = board, end, None

    def transfer(self, array, start=0, nbytes=0):
        nbytes = nbytes or array.nbytes - start
        if self.task is not None and not self.task.done():
            raise RuntimeError("DMA channel not idle")
        if (array.device_address + start) % 8 or not 0 < nbytes <= PACKET_BYTES or start + nbytes > array.nbytes:
            raise RuntimeError(f"DMA cannot transfer {nbytes} bytes from {start}")
        self.array, self.at = array, slice(array.device_address + start, array.device_address + start + nbytes)
        self.begin()

    def wait(self):
        if self.task is not None:
            resume(self.finished)()

    async def finished(self):
        await self.task


class Sender(Channel):
    def begin(self):
        self.array.flush()
        self.task = start_in_simulator(self.send())

    async def send(self):
        await self.end.send(AxiStreamFrame(bytes(self.board.memory[self.at])))
        await self.end.wait()


class Receiver(Channel):
    def __init__(self, board, end):
        super().__init__(board, end)
        end.pause = True

    def begin(self):
        self.task = start_in_simulator(self.receive())

    async def receive(self):
        self.end.pause = False
        frame = await self.end.recv()
        self.end.pause = True
        data = bytes(frame.tdata)
        wanted = self.at.stop - self.at.start
        if len(data) > wanted or (len(data) < wanted and not DESIGN["records"]):
            raise RuntimeError(f"DMA got a packet of {len(data)} bytes")
        self.board.memory[self.at.start : self.at.start + len(data)] = data

    def wait(self):
        super().wait()
        self.array.invalidate()


def start_in_simulator(coroutine):
    async def start():
        return cocotb.start_soon(coroutine)

    return resume(start)()


def on_board(program):
    """A cocotb test of `program(driver, folder)`, ordinary Python, against a board that has just been reset."""

    @functools.wraps(program)
    async def test(dut):
        board = Board(dut)
        await board.reset()
        sys.modules["pynq"] = board.pynq()
        sys.path.insert(0, str(PACKAGE / "deploy"))
        from codesign_board import driver

        await bridge(program)(driver, PACKAGE / "deploy")

    return cocotb.test(timeout_time=8, timeout_unit="ms")(test)


def same(found, expected):
    """Boxes, classes or outputs by name, to the last bit."""
    fields = expected if isinstance(expected, dict) else vars(expected)
    got = found if isinstance(found, dict) else vars(found)
    return fields.keys() == got.keys() and all(np.array_equal(got[name], fields[name]) for name in fields)


@on_board
def frames_in_give_what_the_network_says(driver, folder):
    frames, expected = TASK["frames"], TASK["expected"]
    with driver.Accelerator(str(folder / "design.bit"), batch=5) as net:
        found = net(frames)
        assert len(found) == len(expected) and all(map(same, found, expected))
        streamed = list(net.stream(iter(frames[:3])))
        assert len(streamed) == 3 and all(map(same, streamed, expected))
        assert net.latency_s > net.interval_s / 2 > 0
        few = net.stream(iter(frames))
        assert same(next(few), expected[0])
        few.close()  # with frames on their way
        assert same(net(frames[-1])[0], expected[-1])


@on_board
def a_batch_gives_what_the_network_says(driver, folder):
    with driver.Accelerator(str(folder / "design.bit"), batch=2) as net:
        found = net(TASK["frames"])
    assert len(found) == len(TASK["expected"]) and all(map(same, found, TASK["expected"]))


@on_board
def a_frame_of_another_shape_does_not_disturb_the_next(driver, folder):
    frames, expected = TASK["frames"], TASK["expected"]
    with driver.Accelerator(str(folder / "design.bit")) as net:
        with pytest.raises(ValueError, match=r"takes integers \("):
            list(net.stream([frames[0], frames[1][:-1], frames[2]]))
        assert same(net(frames[3])[0], expected[3])


@on_board
def a_description_of_another_network_is_refused(driver, folder):
    described = json.loads((folder / "design.json").read_text())
    other = folder.parent / "other"
    other.mkdir()
    changes = {
        "the bitstream is of network": {"digest": "0" * 64},
        "the bitstream has accelerator at": {"registers": described["registers"] | {"address": 0x43C1_0000}},
        "its registers are of version": {"registers": described["registers"] | {"version": 0x0002_0000}},
        "no design of codesign's": {"registers": described["registers"] | {"id": 1}},
    }
    for message, change in changes.items():
        (other / "design.json").write_text(json.dumps(described | change))
        with pytest.raises(driver.BoardError, match=message):
            driver.Accelerator(str(other / "design.bit"))


@on_board
def the_notebook_runs(driver, folder):
    Image.fromarray(TASK["frames"][0]).resize((90, 60)).save(folder / "picture.jpg")
    names = {"__name__": "notebook"}
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as printed:
        for program in TASK["notebook"]:
            exec(program, names)
    assert "frames/s" in printed.getvalue() and printed.getvalue().count(" peaks") == 3
