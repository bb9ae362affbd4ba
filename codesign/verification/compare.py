"""Compares what a back end yields with the integer graph's own executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph import Graph, IntArray, execute
from codesign.progress import Progress
from codesign.verification.findings import Findings


@dataclass(frozen=True)
class Mismatch:
    """The first value that differs: earliest block in the graph's order, then image, channel, row and column.

    frame: number of the image's showing, where a stage shows images more than once.
    """

    stage: str
    block: str
    tensor: str
    image: int
    channel: int
    y: int
    x: int
    expected: int
    got: int
    frame: int | None = None

    def __str__(self) -> str:
        frame = "" if self.frame is None else f", frame {self.frame}"
        return (
            f"stage {self.stage}, block {self.block}, channel {self.channel}, y {self.y}, x {self.x} of image "
            f"{self.image}{frame}: expected {self.expected}, got {self.got}"
        )


@dataclass(frozen=True)
class StageResult:
    """How one back end compared on so many images. `tensors` counts those it showed, `values` the numbers compared.

    protocol: of simulated hardware, what its ports did; exact is false if they did wrong.
    """

    name: str
    exact: bool
    tensors: int
    values: int
    seconds: float
    images: int
    protocol: Findings | None = None


@dataclass(frozen=True)
class Comparison:
    """Tensors and values compared, the first difference, and what else was found."""

    tensors: int
    values: int
    mismatch: Mismatch | None
    findings: Findings | None = None


def compare(
    stage: str,
    graph: Graph,
    images: IntArray,
    shown: Iterable[Mapping[str, NDArray[Any]]],
    progress: Progress,
) -> Comparison:
    """Compares the successive results `shown` for `images` (N, C, H, W) with the executor's, up to a difference.

    A stage may show images in an order of its own (`shown.order`), and may end early (`shown.stopped`).
    """
    (source,) = graph.inputs
    order: Sequence[int] = getattr(shown, "order", range(len(images)))
    tensors: set[str] = set()
    values = done = 0
    for chunk in shown:
        numbers = list(order[done : done + len(next(iter(chunk.values())))])
        expected = execute(graph, {source: images[numbers]}, keep=tuple(chunk))
        for name in (tensor for tensor in graph.types if tensor in chunk):
            found = first_difference(stage, graph, name, expected[name], chunk[name])
            if found:
                frame = done + found.image
                again = frame if len(order) > len(images) else None
                mismatch = replace(found, image=order[frame], frame=again)
                return Comparison(len(tensors | {name}), values, mismatch, getattr(shown, "findings", None))
            tensors.add(name)
            values += expected[name].size
        done += len(numbers)
        progress(stage, done, len(order))
    if done != len(order) and not getattr(shown, "stopped", False):
        raise RuntimeError(f"stage {stage} gave {done} of {len(order)} images")
    return Comparison(len(tensors), values, None, getattr(shown, "findings", None))


def first_difference(stage: str, graph: Graph, tensor: str, expected: IntArray, got: NDArray[Any]) -> Mismatch | None:
    """The first value of `tensor` (N, C, H, W) that differs."""
    if got.shape != expected.shape:
        raise RuntimeError(f"stage {stage} gave {tensor} as {got.shape}, not {expected.shape}")
    different = got != expected
    if not different.any():
        return None
    place = np.unravel_index(int(different.argmax()), different.shape)
    image, channel, y, x = (int(index) for index in place)
    producer = graph.producers.get(tensor)
    block = producer.name if producer else tensor
    return Mismatch(stage, block, tensor, image, channel, y, x, int(expected[place]), int(got[place]))
