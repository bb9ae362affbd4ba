"""Compares what a back end yields with the integer graph's own executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph import Graph, IntArray, execute
from codesign.progress import Progress
from codesign.verification.ties import Judge, Tie


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

    problem: what else is wrong, whatever the images, in words. ties: values that differ as float32 may, which do not
    count.
    """

    name: str
    exact: bool
    tensors: int
    values: int
    seconds: float
    images: int
    problem: str | None = None
    ties: int = 0


@dataclass(frozen=True)
class Comparison:
    """Tensors and values compared, the first difference, and what differs as float32 may."""

    tensors: int
    values: int
    mismatch: Mismatch | None
    ties: tuple[Tie, ...] = ()


def compare(
    stage: str,
    graph: Graph,
    images: IntArray,
    shown: Iterable[Mapping[str, NDArray[Any]]],
    progress: Progress,
    judge: Judge | None = None,
) -> Comparison:
    """Compares the successive results `shown` for `images` (N, C, H, W) with the executor's, up to a difference.

    judge: tells, of a back end that computes in float32, which differences are ties. From the first one on, each tensor
    is compared with what the graph makes of the tensors before it as the back end has them.
    """
    (source,) = graph.inputs
    tensors: set[str] = set()
    ties: list[Tie] = []
    values = done = 0
    for chunk in shown:
        count = len(next(iter(chunk.values())))
        given = {source: images[done : done + count]}
        expected: Mapping[str, IntArray] = execute(graph, given, keep=tuple(chunk))
        if judge and any((expected[name] != chunk[name]).any() for name in chunk):
            expected = _by_their_own_inputs(graph, given, chunk)
        for name in (tensor for tensor in graph.types if tensor in chunk):
            got = chunk[name]
            if judge and got.shape == expected[name].shape and (got != expected[name]).any():
                ties += _ties(judge, stage, name, expected[name], chunk, done)
                placed = [(tie.image - done, tie.channel, tie.y, tie.x) for tie in ties if tie.tensor == name]
                got = got.copy()
                for place in placed:
                    if place[0] >= 0:
                        got[place] = expected[name][place]
            mismatch = first_difference(stage, graph, name, expected[name], got, done)
            if mismatch:
                return Comparison(len(tensors | {name}), values, mismatch, tuple(ties))
            tensors.add(name)
            values += expected[name].size
        done += count
        progress(stage, done, len(images))
    if done != len(images):
        raise RuntimeError(f"stage {stage} gave {done} of {len(images)} images")
    return Comparison(len(tensors), values, None, tuple(ties))


def _by_their_own_inputs(
    graph: Graph, given: Mapping[str, IntArray], chunk: Mapping[str, NDArray[Any]]
) -> dict[str, IntArray]:
    """What the graph makes of each tensor where those before it are as in `chunk`, wherever their types allow."""
    made: dict[str, IntArray] = dict(given)
    read = {name: _held(graph, name, chunk.get(name, values), values) for name, values in given.items()}
    for node in graph.nodes:
        results = node.op.execute(*(read[name] for name in node.inputs))
        for name, values in zip(graph.output_names(node), results, strict=True):
            made[name] = values
            read[name] = _held(graph, name, chunk.get(name, values), values)
    return made


def _held(graph: Graph, name: str, got: NDArray[Any], expected: IntArray) -> IntArray:
    return got.astype(np.int32) if got.shape == expected.shape and graph.types[name].holds(got) else expected


def _ties(
    judge: Judge, stage: str, tensor: str, expected: IntArray, chunk: Mapping[str, NDArray[Any]], offset: int
) -> list[Tie]:
    """The places of `tensor` in a chunk whose difference is a tie."""
    found = []
    for image in np.flatnonzero((chunk[tensor] != expected).any(axis=(1, 2, 3))).tolist():
        frame = {name: values[image] for name, values in chunk.items()}
        judged = judge.judged(tensor, expected[image], frame[tensor], frame)
        if judged is None:
            continue
        for place in map(tuple, np.argwhere(judged.tie & (frame[tensor] != expected[image])).tolist()):
            values = int(expected[image][place]), int(frame[tensor][place]), float(judged.value[place])
            found.append(Tie(stage, tensor, offset + image, *place, *values))
    return found


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
