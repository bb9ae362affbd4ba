"""What the drivers know of their design: `design.json` in Python, tables of `design.h` in C."""

from __future__ import annotations

from typing import Any

from codesign.design import Design
from codesign.emit.core import ACCELERATOR
from codesign.emit.core.ports import WEIGHT_ADDRESS_BITS
from codesign.emit.driver.system import Channel, System
from codesign.emit.rtl import registers
from codesign.emit.rtl.project import Stream
from codesign.graph import Graph
from codesign.graph.heads import Heads
from codesign.graph.indices import classes_of, gives_indices
from codesign.recipe import Recipe
from codesign.tasks import reading_of

FORMAT = 2


def describe(system: System, design: Design, recipe: Recipe | None, tail: dict[str, Any] | None) -> dict[str, Any]:
    """The contents of `design.json`; without a recipe (a QONNX file's network) outputs are given as they are.

    tail: what the host makes of them, as `BoardTail.write` says it.
    """
    graph = design.graph
    return {
        "format": FORMAT,
        "name": system.project.name,
        "digest": system.project.digest,
        "clock_mhz": design.schedule.clock_mhz,
        "registers": {
            "cell": ACCELERATOR,
            "address": system.address,
            "bytes": 1 << registers.ADDRESS_BITS,
            "id": registers.ID,
            "version": registers.MAP_VERSION,
            "offsets": {register.name: register.offset for register in registers.REGISTERS},
            "bits": {f"{r.name}.{field.name}": field.bit for r in registers.REGISTERS for field in r.fields},
        },
        "weights": system.streamed,
        "address_bits": WEIGHT_ADDRESS_BITS,
        "inputs": [_channel(channel, system, graph) for channel in system.inputs],
        "outputs": [] if design.heads else [_channel(channel, system, graph) for channel in system.outputs],
        "records": _records(system, graph, design.heads) if design.heads else None,
        "decode": None if recipe is None else decoding(recipe, graph),
        "tail": tail,
    }


def _records(system: System, graph: Graph, heads: Heads) -> dict[str, Any]:
    """`scale`: of the heads, by name."""
    (channel,) = system.outputs
    dma = system.dmas[channel.dma]
    return {
        "tensor": channel.stream.tensor,
        "dma": dma.name,
        "dma_address": dma.address,
        "bytes": channel.frame_bytes,
        "shape": list(heads.shape),
        "floor": heads.floor,
        "scale": {head: list(graph.types[tensor].scale) for head, tensor in heads.names.items()},
    }


def decoding(recipe: Recipe, graph: Graph) -> dict[str, Any]:
    """What outputs mean: the task, its classes, and the settings of its `read`; and how pictures are fitted in."""
    reading = reading_of(recipe, gives_indices(graph))
    return {
        "task": reading.task,
        "classes": list(reading.classes),
        "settings": dict(reading.settings),
        "fit": reading.fit,
    }


def stream_fields(stream: Stream, graph: Graph) -> dict[str, Any]:
    """How a frame's bytes lie: a lane of a beat takes `lane_bytes`.

    `name` is that of the network's own input or output; `classes`: so many, where it is indices of classes.
    """
    kind = graph.types[stream.tensor]
    return {
        "name": name_of(stream.tensor, graph),
        "tensor": stream.tensor,
        "shape": list(stream.shape),
        "lanes": stream.lanes,
        "lane_bytes": stream.bits // 8,
        "signed": stream.signed,
        "base": stream.base,
        "step": stream.step,
        "range": [kind.lo, kind.hi],
        "scale": list(kind.scale),
        "classes": classes_of(graph, stream.tensor),
    }


def name_of(tensor: str, graph: Graph) -> str:
    """What the driver calls an input or output: as the network does."""
    return graph.titles.get(tensor) or graph.origins.get(tensor, tensor)


def _channel(channel: Channel, system: System, graph: Graph) -> dict[str, Any]:
    dma = system.dmas[channel.dma]
    return stream_fields(channel.stream, graph) | {"dma": dma.name, "dma_address": dma.address}
