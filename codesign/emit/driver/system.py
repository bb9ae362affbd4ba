"""The system around a design: which DMA moves which stream, how wide, and what lies at which address."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codesign.emit.driver.processor import Processor
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.hardware.folding import beats

RANGE = 0x1_0000
"""The address range of the accelerator's registers, and of each DMA's, in bytes."""

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
    """A DMA: `sends` from memory into the design, `receives` what comes out; one of both may be absent.

    address: of its registers; none where no board is known.
    """

    index: int
    address: int | None
    sends: Channel | None
    receives: Channel | None

    @property
    def name(self) -> str:
        return f"dma_{self.index}"

    @property
    def masters(self) -> tuple[str, ...]:
        """Its ports into memory."""
        return ("M_AXI_MM2S",) * (self.sends is not None) + ("M_AXI_S2MM",) * (self.receives is not None)


@dataclass(frozen=True)
class System:
    """Around `project`: a DMA for each input with an output, and more for the outputs that are left.

    processor: the one that the target has beside its fabric, None if no package for the board is written.
    """

    project: RtlProject
    processor: Processor | None

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
        return tuple(Dma(i, self._dma_address(i), sends.get(i), receives.get(i)) for i in range(count))

    def _dma_address(self, index: int) -> int | None:
        return None if self.processor is None else self.processor.dma_address + index * RANGE

    @property
    def address(self) -> int | None:
        """The address of the accelerator's registers."""
        return None if self.processor is None else self.processor.address

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
