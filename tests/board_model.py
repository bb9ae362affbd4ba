"""The simulated board of `axi_board/` around a build's accelerator: a library that both drivers run on.

The driver in C is linked with it. The one in Python reaches it through a module `pynq` whose registers and memory are
the board's, and whose DMA channels use the DMA's registers as PYNQ's own do (pynq/lib/dma.py).
"""

import ctypes
import subprocess
import types
from pathlib import Path

import numpy as np

from codesign import bench
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.verilator import environment
from codesign.emit.templating import template

HERE = Path(__file__).parent / "axi_board"
MEMORY_ADDRESS, MEMORY_BYTES, ALIGNMENT = 0x1000_0000, 0x40_0000, 4096
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-pedantic")
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def call(command, cwd, **variables):
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**environment(), **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def build_board(rtl, folder, address, dma_address):
    """Compiles the board around the accelerator of the folder `rtl`, into `folder`; the library's path."""
    project = RtlProject.load(rtl)
    streams = (*project.inputs, *project.outputs)
    words = max(-(-stream.width // 32) for stream in streams)
    facts = {"inputs": project.inputs, "outputs": project.outputs, "weights": project.weights, "words": words}
    (folder / "axi_board.sv").write_text(template(HERE, "axi_board.sv.j2").render(facts))
    shape = {"INPUTS": len(project.inputs), "OUTPUTS": len(project.outputs), "WORDS": words}
    shape["DMAS"] = max(shape["INPUTS"], shape["OUTPUTS"])
    lines = [f"constexpr int {name} = {value};" for name, value in shape.items()]
    lines.append(f"constexpr int STREAM_BYTES[] = {{{', '.join(str(stream.width // 8) for stream in streams)}}};")
    lines.append(f"constexpr unsigned ADDRESS = {address}u, DMA_ADDRESS = {dma_address}u;")
    (folder / "shape.h").write_text("#include <cstdint>\n" + "\n".join(lines) + "\n")
    sources = [*project.sources, rtl / "accelerator.v", folder / "axi_board.sv"]
    flags = ["--assert", "--x-initial", "unique", "-Wno-fatal", *bench.QUICK_BUILD, "-CFLAGS", "-fPIC"]
    call(["verilator_bin", "--cc", "--top-module", "axi_board", "--Mdir", "obj", *flags, *sources], folder)
    call(["make", "-C", "obj", "-f", "Vaxi_board.mk", "libVaxi_board"], folder)
    includes = (folder, HERE, folder / "obj", kit() / "include", kit() / "include" / "vltstd")
    archives = [folder / "obj" / f"lib{name}.a" for name in ("Vaxi_board", "verilated")]
    library = folder / "libboard.so"
    command = [
        "g++",
        "-std=c++17",
        "-O1",
        "-fPIC",
        "-shared",
        *(f"-I{place}" for place in includes),
        HERE / "board.cpp",
        *archives,
    ]
    call([*command, "-pthread", "-o", library], folder)
    return library


def kit():
    return Path(environment()["VERILATOR_ROOT"])


def compile_driver(driver, main, program, *libraries):
    """The driver of the folder `driver` with the program `main` of this folder; any warning is an error."""
    options = [*STRICT, *SANITIZED, "-I", driver, "-I", HERE, *(f"-Wl,-rpath,{file.parent}" for file in libraries)]
    call(["gcc", *options, driver / "accelerator.c", HERE / main, *libraries, "-lm", "-o", program], driver)
    return program


class Buffer(np.ndarray):
    """What `pynq.allocate` gives: an array whose contents reach the hardware by `flush`, and come by `invalidate`."""

    def flush(self):
        self.shared[...] = self

    def invalidate(self):
        self[...] = self.shared

    def freebuffer(self):
        self.device_address = None


class Mmio:
    def __init__(self, library, address, length):
        self.library, self.address, self.length = library, address, length

    def read(self, offset):
        assert 0 <= offset < self.length
        return self.library.board_read(self.address + offset)

    def write(self, offset, value):
        assert 0 <= offset < self.length
        self.library.board_write(self.address + offset, value)


class Channel:
    """A side of a DMA; the rules and the order of accesses of PYNQ's class for simple mode are kept."""

    def __init__(self, mmio, offset):
        self.mmio, self.offset, self.first, self.active = mmio, offset, True, None
        self.mmio.write(offset, 0x0001)

    @property
    def idle(self):
        return bool(self.mmio.read(self.offset + 4) & 0x02)

    def transfer(self, array, start=0, nbytes=0):
        nbytes = nbytes or array.nbytes - start
        if not self.first and not self.idle:
            raise RuntimeError("DMA channel not idle")
        array.flush()
        self.active = array
        address = array.device_address + start
        self.mmio.write(self.offset + 0x18, address & 0xFFFF_FFFF)
        self.mmio.write(self.offset + 0x1C, address >> 32)
        self.mmio.write(self.offset + 0x28, nbytes)
        self.first = False

    def wait(self):
        while not self.idle:
            if self.mmio.read(self.offset + 4) & 0x70:
                raise RuntimeError("DMA error")
        if self.offset:
            self.active.invalidate()


def pynq_of(library_path, description):
    """The module `pynq` on a board that has just been reset. description: `design.json`."""
    library = ctypes.CDLL(str(library_path))
    library.board_memory.restype = ctypes.POINTER(ctypes.c_uint8)
    library.board_read.restype = ctypes.c_uint32
    library.board_read.argtypes = [ctypes.c_uint32]
    library.board_write.argtypes = [ctypes.c_uint32, ctypes.c_uint32]
    library.board_start()
    memory = np.ctypeslib.as_array(library.board_memory(), (MEMORY_BYTES,))
    free = 0

    def allocate(shape, dtype):
        nonlocal free
        buffer = np.full(shape, 0xA5, dtype).view(Buffer)
        assert buffer.nbytes + free <= MEMORY_BYTES
        buffer.shared = memory[free : free + buffer.nbytes].view(dtype).reshape(shape)
        buffer.device_address = MEMORY_ADDRESS + free
        free += -(-buffer.nbytes // ALIGNMENT) * ALIGNMENT
        return buffer

    addresses = {description["registers"]["cell"]: description["registers"]["address"]}
    received = [description["records"]] if description["records"] else description["outputs"]
    dmas = {}
    for streams, name, offset in ((description["inputs"], "sendchannel", 0), (received, "recvchannel", 0x30)):
        for stream in streams:
            addresses[stream["dma"]] = stream["dma_address"]
            dma = dmas.setdefault(stream["dma"], types.SimpleNamespace())
            setattr(dma, name, Channel(Mmio(library, stream["dma_address"], 0x10000), offset))
    overlay = types.SimpleNamespace(**dmas, ip_dict={name: {"phys_addr": at} for name, at in addresses.items()})
    module = types.ModuleType("pynq")
    module.allocate = allocate
    module.MMIO = lambda address, length: Mmio(library, address, length)
    module.Overlay = lambda bitfile: overlay
    return module
