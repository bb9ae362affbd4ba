"""Waveforms open in GTKWave's reader and hold what has passed on the streams."""

import re
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pylibfst
import pytest
from pylibfst import ffi, lib

from codesign import bench
from codesign.emit.rtl.base import Block, Port
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.emit.rtl.verilator import FST
from codesign.graph import Graph, IntArray, Node, TensorType
from codesign.graph.ops.requant import Requant
from tests.designs import designed

CODECS = r"""
#include <cstdio>
#include <lz4.h>
#include <vector>
#include <zlib.h>
int main(int, char** argv) {
    std::vector<char> in(1 << 20);
    in.resize(std::fread(in.data(), 1, in.size(), stdin));
    std::vector<char> out(LZ4_compressBound(in.size()) + compressBound(in.size()));
    uLongf size = out.size();
    if (argv[1][0] == 'l') size = LZ4_compress_default(in.data(), out.data(), in.size(), size);
    else if (compress2((Bytef*)out.data(), &size, (const Bytef*)in.data(), in.size(), 9) != Z_OK) return 1;
    std::fwrite(out.data(), 1, size, stdout);
}
"""


def lz4_content(block: bytes) -> bytes:
    """What an LZ4 block decompresses to, by the format's description."""
    out, at = bytearray(), 0

    def length(nibble: int, at: int) -> tuple[int, int]:
        total = nibble
        while nibble == 15:
            total, at = total + block[at], at + 1
            if block[at - 1] < 255:
                break
        return total, at

    while True:
        token = block[at]
        count, at = length(token >> 4, at + 1)
        out += block[at : at + count]
        at += count
        if at == len(block):
            return bytes(out)
        offset = block[at] | block[at + 1] << 8
        count, at = length(token & 15, at + 2)
        for _ in range(count + 4):
            out.append(out[-offset])


def beats(file: Path, scope: str, stream: str, separator: str) -> list[int]:
    """Data at every rising edge of the clock at which `stream` was valid and ready."""
    reader = lib.fstReaderOpen(str(file).encode())
    assert reader != ffi.NULL
    _, signals = pylibfst.get_scopes_signals2(reader)
    wanted = {}
    for short in ("clk_i", "rst_ni", *(f"{stream}{separator}{part}" for part in ("valid", "ready", "data"))):
        (found,) = (s for name, s in signals.by_name.items() if name.split(" ")[0] == f"{scope}.{short}")
        wanted[found.handle] = short.removeprefix(f"{stream}{separator}")
        lib.fstReaderSetFacProcessMask(reader, found.handle)
    now, taken = dict.fromkeys(wanted.values(), 0), []
    changes: dict[int, dict[str, int]] = {}

    def change(_: object, time: int, handle: int, value: object) -> None:
        changes.setdefault(time, {})[wanted[handle]] = int(pylibfst.string(value), 2)

    pylibfst.fstReaderIterBlocks(reader, change)
    lib.fstReaderClose(reader)
    for time in sorted(changes):
        if changes[time].get("clk_i") == 1 and now["rst_ni"] and now["valid"] and now["ready"]:
            taken.append(now["data"])
        now |= changes[time]
    return taken


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codecs")
    (folder / "codecs.cpp").write_text(CODECS)
    subprocess.run(["g++", "-O1", f"-I{FST}", "codecs.cpp", "-o", "codecs"], cwd=folder, check=True)
    return folder / "codecs"


@pytest.mark.parametrize("size", [0, 1, 12, 13, 40, 300, 70_000, 200_000])
@pytest.mark.parametrize("kind", ["noise", "constant", "few values", "periodic"])
def test_what_stands_in_for_zlib_and_lz4_can_be_decompressed(codecs: Path, size: int, kind: str) -> None:
    rng = np.random.default_rng(size)
    data = {
        "noise": lambda: rng.bytes(size),
        "constant": lambda: bytes([200]) * size,
        "few values": lambda: rng.integers(0, 3, size, np.uint8).tobytes(),
        "periodic": lambda: (rng.bytes(97) * (size // 97 + 1))[:size],
    }[kind]()
    packed = {
        name: subprocess.run([codecs, name], input=data, capture_output=True, check=True).stdout
        for name in ("lz4", "zlib")
    }
    assert zlib.decompress(packed["zlib"]) == data
    assert lz4_content(packed["lz4"]) == data
    if kind == "constant" and size > 1000:
        assert max(map(len, packed.values())) < size / 100


def shift() -> Graph:
    return Graph(
        "shift",
        {"image": TensorType((3, 9, 40), -128, 127)},
        (Node("half", Requant(np.array([1]), -64, 63, 2.0), ("image",)),),
        ("half",),
    )


@pytest.mark.slow
def test_the_activity_of_a_network_is_how_often_the_bits_of_its_streams_change(tmp_path: Path) -> None:
    graph, file = shift(), tmp_path / "top.saif"
    images = np.random.default_rng(0).integers(-128, 128, (2, 3, 9, 40)).astype(np.int32)
    project = emit_rtl(designed(graph, fps=100), tmp_path / "rtl")
    simulate(project.folder, graph, images, waves=file)
    (stream,) = project.inputs
    signal = re.escape(f"{stream.wire}_tdata") + r"\\\[(\d)\\\] .*\(TC (\d+)\)"
    counted = {int(bit): int(changes) for bit, changes in re.findall(signal, file.read_text())}
    beats_played = images.transpose(0, 2, 3, 1).ravel() & 255
    flips = beats_played[1:] ^ beats_played[:-1]
    assert set(counted) == set(range(8))
    for bit, changes in counted.items():  # and perhaps one before the first beat, and one behind the last
        assert 0 <= changes - int((flips >> bit & 1).sum()) <= 2


def test_the_waveform_of_a_network_holds_its_streams(tmp_path: Path) -> None:
    graph = shift()
    images = np.random.default_rng(0).integers(-128, 128, (4, 3, 9, 40)).astype(np.int32)
    project = emit_rtl(designed(graph, fps=100), tmp_path / "rtl")
    file = tmp_path / "top.fst"
    result = simulate(project.folder, graph, images, stall=0.3, waves=file)
    for stream, values in ((project.inputs[0], images), (project.outputs[0], result.values["half"])):
        assert stream.lanes == 1
        flat = values.transpose(0, 2, 3, 1).ravel()
        assert beats(file, "TOP.network", stream.wire, "_t") == (flat & ((1 << stream.bits) - 1)).tolist()


@pytest.mark.slow
def test_the_waveform_of_a_bench_holds_its_streams(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "WAVES", True)
    data: IntArray = np.random.default_rng(0).integers(0, 1 << 20, (3, 1, 5, 7)).astype(np.int32)
    port = Port(1, 20, signed=False)
    block = Block("stream_register", {"WIDTH": 20}, (port,), (port,))
    bench.check_streams([bench.Streams("register", block, [data], [data])])
    file = Path(capsys.readouterr().out.split("waveform: ")[1].strip())
    try:
        for stream in ("case0_in0", "case0_out0"):
            assert beats(file, "bench_top", stream, "_") == data.ravel().tolist() * len(bench.STALLS)
    finally:
        for left in file.parent.iterdir():
            left.unlink()
        file.parent.rmdir()
