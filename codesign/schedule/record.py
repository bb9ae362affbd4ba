"""A schedule, and how it is written to a file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from codesign.cost.block import BlockCost, Resources
from codesign.errors import ScheduleError
from codesign.files import write_text
from codesign.hardware.folding import Folding, Memory
from codesign.schedule.edges import Edge

SCHEMA = 3


@dataclass(frozen=True)
class Fifo:
    """A FIFO on an edge: its depth in beats of its lanes (`hardware.lanes.buffered`), and whether it is in LUT-RAM,
    block RAM, or both."""

    depth: int
    memory: Memory


@dataclass(frozen=True)
class Schedule:
    """How a graph is built on a target.

    foldings, blocks: by node of the graph as it is built (`codesign.design`). lanes: channels per beat of each of its
    tensors where it is produced. fifos: by edge.
    interval_cycles: between frames, at the slowest block or at external memory. latency_cycles: of one frame in an
    empty network, first input beat to last output beat. streams: what adapters, forks, FIFOs, registers,
    ports and the reader of streamed weights take together. memory_mb_s: what may be read from external memory, in 10^6
    bytes a second. binds: what keeps the interval from being shorter, or the area from being smaller, in words.
    """

    target: str
    clock_mhz: float
    foldings: Mapping[str, Folding]
    lanes: Mapping[str, int]
    fifos: Mapping[Edge, Fifo]
    interval_cycles: int
    latency_cycles: int
    blocks: Mapping[str, BlockCost]
    streams: Resources
    budget: Resources
    memory_mb_s: float
    binds: str

    @property
    def used(self) -> Resources:
        """Resources of the whole network."""
        return Resources.total((*self.blocks.values(), self.streams))

    @property
    def frames_per_second(self) -> float:
        return self.clock_mhz * 1e6 / self.interval_cycles

    @property
    def used_mb_s(self) -> float:
        """Demand on external memory, in 10^6 bytes a second."""
        return sum(block.memory_bytes for block in self.blocks.values()) * self.clock_mhz / self.interval_cycles

    def save(self, path: Path) -> None:
        """Writes the schedule as JSON."""
        fields: dict[str, Any] = {"schema": SCHEMA} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields["fifos"] = [asdict(edge) | asdict(fifo) for edge, fifo in self.fifos.items()]
        write_text(path, json.dumps(fields, indent=2, default=asdict) + "\n")

    @classmethod
    def load(cls, path: Path) -> Schedule:
        """Reads what `save` has written. Raises ScheduleError if the file is missing, damaged or of another schema."""
        try:
            fields = json.loads(path.read_text())
            schema = fields.pop("schema")
            if schema != SCHEMA:
                raise ScheduleError(f"schema {schema} is not {SCHEMA}", where=str(path), remedy="export again")
            fields["fifos"] = {
                Edge(e["tensor"], e["reader"], e["port"]): Fifo(e["depth"], e["memory"]) for e in fields["fifos"]
            }
            fields["foldings"] = {name: Folding(**value) for name, value in fields["foldings"].items()}
            fields["blocks"] = {name: BlockCost(**value) for name, value in fields["blocks"].items()}
            fields["streams"] = Resources(**fields["streams"])
            fields["budget"] = Resources(**fields["budget"])
            return cls(**fields)
        except FileNotFoundError:
            raise ScheduleError("there is no schedule", where=str(path), remedy="run `codesign export` first") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ScheduleError(f"not a readable schedule ({error})", where=str(path), remedy="export again") from None
