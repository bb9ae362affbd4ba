"""The folder that holds a design's SystemVerilog, and its description."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from codesign.emit.rtl.weight_image import Region
from codesign.errors import GraphError
from codesign.graph import names

FORMAT = 3
STREAMS = ("inputs", "outputs", "tensors")
VARIANT = ("top", "sparse", "slowest_cycles", "foreign", "netlist")
"""Fields with a default."""


@dataclass(frozen=True)
class Stream:
    """A stream of the design as a simulation sees it: one for every tensor, and one for every port of the top.

    id: its number. wire: its signals' common name. bits: of one lane, which stands for `base + step *` what it holds.
    shape: (C, H, W) of a frame.
    """

    id: int
    tensor: str
    wire: str
    lanes: int
    bits: int
    signed: bool
    shape: tuple[int, int, int]
    base: int = 0
    step: int = 1

    @property
    def width(self) -> int:
        return self.lanes * self.bits

    @property
    def kind(self) -> str:
        return f"{'int' if self.signed else 'uint'}{self.bits}[{'x'.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class RtlProject:
    """A folder with `top.sv`, `library/`, `mem/`, the file list `files.f`, and `project.json`, which describes it; and
    `generated/` with modules of this very network, if it has any.

    digest: of the network before blocks are fused; its first 32 digits are what the registers show. tensors: those that
    exist as streams; the sums within a fused block do not. weights: what lies where in `weights.bin`, which is to be
    copied to the board's memory; empty if all weights are on chip. top: name of the top module. sparse: the one output
    carries records of peaks, as `heads_of` the graph and `codesign/board/records.py` have it.
    slowest_cycles: the longest that a block has a pixel without giving a beat. foreign: RTL that is not ours behind
    ports like ours: without registers to read, and without TLAST. netlist: of a device's cells, which begin as its
    configuration sets them.
    """

    folder: Path
    name: str
    digest: str
    interval_cycles: int
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    tensors: tuple[Stream, ...]
    weights: tuple[Region, ...] = ()
    top: str = "top"
    sparse: bool = False
    slowest_cycles: int = 0
    foreign: bool = False
    netlist: bool = False

    @property
    def sources(self) -> tuple[Path, ...]:
        """SystemVerilog files, the top last. Raises GraphError if the list names a file elsewhere."""
        listed = [PurePath(line) for line in (self.folder / "files.f").read_text().split()]
        for file in listed:
            if file.is_absolute() or ".." in file.parts:
                raise GraphError(f"'{file}' is not in the project", where=str(self.folder / "files.f"))
        return tuple(self.folder / file for file in listed)

    @property
    def weight_bytes(self) -> int:
        """Size of `weights.bin`."""
        return (self.folder / "weights.bin").stat().st_size if self.weights else 0

    def describe(self) -> str:
        """The contents of `project.json`."""
        fields: dict[str, Any] = {"format": FORMAT, "name": self.name, "digest": self.digest}
        fields |= {"top": self.top, "sparse": self.sparse, "slowest_cycles": self.slowest_cycles}
        fields |= {"foreign": self.foreign, "netlist": self.netlist}
        fields["interval_cycles"] = self.interval_cycles
        fields |= {key: [asdict(s) for s in getattr(self, key)] for key in (*STREAMS, "weights")}
        return json.dumps(fields, indent=1) + "\n"

    @classmethod
    def load(cls, folder: Path) -> RtlProject:
        """Reads a project that `emit_rtl` has written. Raises GraphError if there is none."""
        path = folder / "project.json"
        try:
            fields = json.loads(path.read_text())
            if fields["format"] != FORMAT:
                raise ValueError(f"format {fields['format']}")
            facts: dict[str, Any] = {key: tuple(map(_stream, fields[key])) for key in STREAMS}
            weights = tuple(Region(**region) for region in fields["weights"])
            facts |= {key: fields[key] for key in ("name", "digest", "interval_cycles")}
            variant = {key: fields.get(key, getattr(cls, key)) for key in VARIANT}
            if not all(map(names.is_identifier, (variant["top"], f"h{fields['digest']}"))):
                raise ValueError("a name in it is no identifier")
            return cls(folder, **facts, weights=weights, **variant)
        except FileNotFoundError:
            raise GraphError(
                "there is no RTL project", where=str(folder), remedy="run `codesign export` first"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GraphError(f"not a readable RTL project ({error})", where=str(path), remedy="export again") from None


def _stream(fields: dict[str, Any]) -> Stream:
    """Its name and figures are printed into the simulation's sources."""
    stream = Stream(**{**fields, "shape": tuple(fields["shape"])})
    figures = (stream.id, stream.lanes, stream.bits, *stream.shape, stream.base, stream.step)
    named = names.is_identifier(stream.wire) and names.plain(stream.tensor) == stream.tensor
    if not named or not all(isinstance(figure, int) for figure in figures):
        raise ValueError(f"stream {stream.tensor!r:.60} is malformed")
    return stream
