"""The system around a design on a Zynq-7000: which DMA moves which stream, how wide, and what lies at which address."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codesign.emit.rtl.project import RtlProject, Stream
from codesign.hardware.folding import beats

ACCELERATOR_ADDRESS, DMA_ADDRESS, RANGE = 0x43C0_0000, 0x4040_0000, 0x1_0000
"""Within what a Zynq-7000's port M_AXI_GP0 reaches; DMAs follow each other. RANGE is of each, in bytes."""

MEMORY_BYTES = 8
"""Width of a high-performance port, and the most that a DMA's stream gets: the port would be the limit anyway."""

CONVERTER_BYTES = 512
"""Most that the vendor's stream width converter holds within it: the least common multiple of both its widths."""


@dataclass(frozen=True)
class Channel:
    """A stream of the design and the side of the DMA that moves it.

    frame_bytes: of one frame in memory, beat after beat. dma_bytes: width of the DMA's stream, a power of two that
    divides a frame, so that no beat is partial.
    """

    stream: Stream
    dma: int

    @property
    def frame_bytes(self) -> int:
        channels, height, width = self.stream.shape
        return beats(channels, self.stream.lanes) * height * width * self.stream_bytes

    @property
    def stream_bytes(self) -> int:
        return self.stream.width // 8

    @property
    def dma_bytes(self) -> int:
        width = math.gcd(self.frame_bytes, MEMORY_BYTES)
        while width > 1 and math.lcm(width, self.stream_bytes) > CONVERTER_BYTES:
            width //= 2
        return width

    @property
    def converted(self) -> bool:
        return self.dma_bytes != self.stream_bytes


@dataclass(frozen=True)
class Dma:
    """A DMA: `sends` from memory into the design, `receives` what comes out; one of both may be absent."""

    index: int
    sends: Channel | None
    receives: Channel | None

    @property
    def name(self) -> str:
        return f"dma_{self.index}"

    @property
    def address(self) -> int:
        return DMA_ADDRESS + self.index * RANGE

    @property
    def masters(self) -> tuple[str, ...]:
        """Its ports into memory."""
        return ("M_AXI_MM2S",) * (self.sends is not None) + ("M_AXI_S2MM",) * (self.receives is not None)


@dataclass(frozen=True)
class System:
    """Around `project`: a DMA for each input with an output, and more for the outputs that are left."""

    project: RtlProject

    @cached_property
    def inputs(self) -> tuple[Channel, ...]:
        return tuple(Channel(stream, index) for index, stream in enumerate(self.project.inputs))

    @cached_property
    def outputs(self) -> tuple[Channel, ...]:
        return tuple(Channel(stream, index) for index, stream in enumerate(self.project.outputs))

    @cached_property
    def dmas(self) -> tuple[Dma, ...]:
        count = max(len(self.inputs), len(self.outputs))
        sends, receives = dict(enumerate(self.inputs)), dict(enumerate(self.outputs))
        return tuple(Dma(index, sends.get(index), receives.get(index)) for index in range(count))

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self.inputs + self.outputs

    @property
    def streamed(self) -> bool:
        """Whether weights come from memory."""
        return bool(self.project.weights)

    def masters(self) -> Iterator[str]:
        """The DMAs' ports into memory, as `cell/interface`."""
        for dma in self.dmas:
            yield from (f"{dma.name}/{port}" for port in dma.masters)
