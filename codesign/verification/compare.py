"""Compares what a back end yields with the integer graph's own executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph import Graph, IntArray, execute
from codesign.progress import Progress


@dataclass(frozen=True)
class Mismatch:
    """The first value that differs: earliest block in the graph's order, then image, channel, row and column."""

    stage: str
    block: str
    tensor: str
    image: int
    channel: int
    y: int
    x: int
    expected: int
    got: int

    def __str__(self) -> str:
        return (
            f"stage {self.stage}, block {self.block}, channel {self.channel}, y {self.y}, x {self.x} of image "
            f"{self.image}: expected {self.expected}, got {self.got}"
        )


@dataclass(frozen=True)
class StageResult:
    """How one back end compared on so many images. `tensors` counts those it showed, `values` the numbers compared.

    problem: what else is wrong, whatever the images, in words.
    """

    name: str
    exact: bool
    tensors: int
    values: int
    seconds: float
    images: int
    problem: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Tensors and values compared, and the first difference."""

    tensors: int
    values: int
    mismatch: Mismatch | None


def compare(
    stage: str,
    graph: Graph,
    images: IntArray,
    shown: Iterable[Mapping[str, NDArray[Any]]],
    progress: Progress,
) -> Comparison:
    """Compares the successive results `shown` for `images` (N, C, H, W) with the executor's, up to a difference."""
    (source,) = graph.inputs
    tensors: set[str] = set()
    values = done = 0
    for chunk in shown:
        count = len(next(iter(chunk.values())))
        expected = execute(graph, {source: images[done : done + count]}, keep=tuple(chunk))
        for name in (tensor for tensor in graph.types if tensor in chunk):
            mismatch = first_difference(stage, graph, name, expected[name], chunk[name], done)
            if mismatch:
                return Comparison(len(tensors | {name}), values, mismatch)
            tensors.add(name)
            values += expected[name].size
        done += count
        progress(stage, done, len(images))
    if done != len(images):
        raise RuntimeError(f"stage {stage} gave {done} of {len(images)} images")
    return Comparison(len(tensors), values, None)


def first_difference(
    stage: str, graph: Graph, tensor: str, expected: IntArray, got: NDArray[Any], offset: int
) -> Mismatch | None:
    """The first value of `tensor` that differs, images counted from `offset`."""
    if got.shape != expected.shape:
        raise RuntimeError(f"stage {stage} gave {tensor} as {got.shape}, not {expected.shape}")
    different = got != expected
    if not different.any():
        return None
    place = np.unravel_index(int(different.argmax()), different.shape)
    image, channel, y, x = (int(index) for index in place)
    producer = graph.producers.get(tensor)
    block = producer.name if producer else tensor
    return Mismatch(stage, block, tensor, offset + image, channel, y, x, int(expected[place]), int(got[place]))
