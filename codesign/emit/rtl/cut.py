"""Cuts the streams of a design's own `top.sv`, so that a simulation can drive each of its blocks by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from codesign.emit.rtl.project import Stream

_SIGNALS = {"valid": "o", "ready": "i", "data": "o"}
"""A stream's signals by the direction in which the block that makes it has them."""

_CONNECTION = re.compile(
    r"(?P<port>\.\w+_(?P<signal>valid|ready|data)_(?P<end>[io])\s*\(\s*)(?P<wire>\w+)_(?P=signal)(?P<close>\s*\))"
)
"""The connection of a port, named as the library's are, with a signal of a stream."""

_HEADER_END = re.compile(r"^\);\s*$", re.MULTILINE)


def made_id(streams: Sequence[Stream], stream: Stream) -> int:
    """The number of what a block made, where `stream.id` is the number of what its readers are given."""
    return 1 + max(s.id for s in streams) + stream.id


def uncuttable(text: str, streams: Sequence[Stream]) -> tuple[str, ...]:
    """The tensors among `streams` that leave no port of an instance in `text`, as they do in every top of ours."""
    made = Counter(map(_connected, _CONNECTION.finditer(text)))
    return tuple(s.tensor for s in streams if any(made[s.wire, signal, end] != 1 for signal, end in _SIGNALS.items()))


def cut(text: str, streams: Sequence[Stream]) -> str:
    """`text` of a `top.sv` with a `stream_cut` in each of `streams`, where it leaves the block that makes it.

    Instances, their parameters and what is between them stay as they are; so do streams that are `uncuttable`.
    """
    header = _HEADER_END.search(text)
    if header is None:
        return text
    lost = uncuttable(text, streams)
    found = {s.wire: s for s in streams if s.tensor not in lost}

    def renamed(connection: re.Match[str]) -> str:
        wire, signal, end = _connected(connection)
        if wire not in found or end != _SIGNALS[signal]:
            return connection[0]
        return f"{connection['port']}{_made(found[wire], signal)}{connection['close']}"

    ports, body = text[: header.end()], _CONNECTION.sub(renamed, text[header.end() :])
    wires = "".join(_wires(stream) for stream in found.values())
    cuts = "".join(_instance(stream, made_id(streams, stream)) for stream in found.values())
    before, end, after = body.rpartition("endmodule")
    return "".join((ports, "\n", wires, before, cuts, end, after))


def _connected(connection: re.Match[str]) -> tuple[str, str, str]:
    """Wire of a stream, signal, and direction of the port, `o` or `i`."""
    return connection["wire"], connection["signal"], connection["end"]


def _made(stream: Stream, signal: str) -> str:
    return f"{stream.wire}_made_{signal}_"


def _wires(stream: Stream) -> str:
    valid, ready, data = (_made(stream, signal) for signal in _SIGNALS)
    return f"  wire {valid}, {ready};\n  wire [{stream.width - 1}:0] {data};\n"


def _instance(stream: Stream, made: int) -> str:
    ends = {"made": ("i", "o", "i"), "given": ("o", "i", "o")}
    wires = {"made": [_made(stream, s) for s in _SIGNALS], "given": [f"{stream.wire}_{s}" for s in _SIGNALS]}
    ports = [
        f".{end}_{signal}_{direction}({wire})"
        for end, directions in ends.items()
        for signal, direction, wire in zip(_SIGNALS, directions, wires[end], strict=True)
    ]
    return (
        f"  stream_cut #(.GIVEN({stream.id}), .MADE({made}), .WIDTH({stream.width})) {stream.wire}_cut_ (\n"
        f"      .clk_i(aclk), .rst_ni(aresetn), {', '.join(ports)}\n  );\n"
    )
