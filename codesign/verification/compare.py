"""Compares what a back end yields with the integer graph's own executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph import Graph, IntArray
from codesign.progress import Progress
from codesign.verification.coverage import Coverage
from codesign.verification.findings import Findings
from codesign.verification.reference import Reference
from codesign.verification.ties import Judge, Tie


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

    protocol: of simulated hardware, what its ports did; exact is false if they did wrong. problem: what else is wrong,
    whatever the images, in words. ties: values that differ as float32 may, which do not count.
    """

    name: str
    exact: bool
    tensors: int
    values: int
    seconds: float
    images: int
    protocol: Findings | None = None
    problem: str | None = None
    ties: int = 0


@dataclass(frozen=True)
class Verification:
    """The verdict on a build, as `verify.json` holds it.

    exact: no stage that has run differs. skipped: stages of a whole verdict that have not run; with any, the verdict is
    on a part only. pictures: where the images are from, if a user chose them. coverage: by tensor, which of the values
    that matter the images and the stage `blocks` have reached; none if that stage was not run. ties: the first TIES of
    every stage, values that differ as float32 may; they do not count.
    """

    stages: tuple[StageResult, ...]
    images: int
    exact: bool
    first_mismatch: Mismatch | None
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    pictures: str | None = None
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Tensors and values compared, the first difference, what differs as float32 may, and what else was found.

    problem: a difference that is of no tensor of the graph, in words.
    """

    tensors: int
    values: int
    mismatch: Mismatch | None
    ties: tuple[Tie, ...] = ()
    findings: Findings | None = None
    problem: str | None = None


def compare(
    stage: str,
    reference: Reference,
    shown: Iterable[Mapping[str, NDArray[Any]]],
    progress: Progress,
    judge: Judge | None = None,
) -> Comparison:
    """Compares the successive results `shown` for the images of `reference` with its own, up to a difference.

    A stage may show images in an order of its own (`shown.order`), and may end early (`shown.stopped`). judge: tells,
    of a back end that computes in float32, which differences are ties. From the first one on, each tensor is compared
    with what the graph makes of the tensors before it as the back end has them.
    """
    images = len(reference.images)
    order: Sequence[int] = getattr(shown, "order", range(images))
    ties: list[Tie] = []
    mismatch = None
    tensors = values = done = 0
    for chunk in shown:
        numbers = list(order[done : done + len(next(iter(chunk.values())))])
        found = _compare_chunk(stage, reference, numbers, chunk, judge)
        tensors, values = max(tensors, found.tensors), values + found.values
        ties += [replace(tie, image=numbers[tie.image]) for tie in found.ties]
        if found.mismatch:
            frame = done + found.mismatch.image
            again = frame if len(order) > images else None
            mismatch = replace(found.mismatch, image=order[frame], frame=again)
            break
        done += len(numbers)
        progress(stage, done, len(order))
    if mismatch is None and done != len(order) and not getattr(shown, "stopped", False):
        raise RuntimeError(f"stage {stage} gave {done} of {len(order)} images")
    return Comparison(tensors, values, mismatch, tuple(ties), getattr(shown, "findings", None))


def _compare_chunk(
    stage: str,
    reference: Reference,
    numbers: Sequence[int],
    chunk: Mapping[str, NDArray[Any]],
    judge: Judge | None,
) -> Comparison:
    """Compares what a back end made at once of the images of those numbers; in what is found they count from 0."""
    graph, expected = reference.graph, reference.tensors(numbers, tuple(chunk))
    if judge and not all(np.array_equal(expected[name], chunk[name]) for name in chunk):
        expected = _by_their_own_inputs(graph, reference.given(numbers), chunk)
    ties: list[Tie] = []
    tensors = values = 0
    for name in (tensor for tensor in graph.types if tensor in chunk):
        tied = _ties(judge, stage, name, expected[name], chunk) if judge else []
        ties += tied
        tensors += 1
        mismatch = first_difference(stage, graph, name, expected[name], _settled(chunk[name], expected[name], tied))
        if mismatch:
            return Comparison(tensors, values, mismatch, tuple(ties))
        values += expected[name].size
    return Comparison(tensors, values, None, tuple(ties))


def _settled(got: NDArray[Any], expected: IntArray, ties: Sequence[Tie]) -> NDArray[Any]:
    """`got` with what is expected wherever the difference is a tie."""
    if not ties:
        return got
    settled = got.copy()
    for tie in ties:
        place = tie.image, tie.channel, tie.y, tie.x
        settled[place] = expected[place]
    return settled


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


def _ties(judge: Judge, stage: str, tensor: str, expected: IntArray, chunk: Mapping[str, NDArray[Any]]) -> list[Tie]:
    """The places of `tensor` in a chunk whose difference is a tie."""
    found: list[Tie] = []
    if chunk[tensor].shape != expected.shape:
        return found
    for image in np.flatnonzero((chunk[tensor] != expected).any(axis=(1, 2, 3))).tolist():
        frame = {name: values[image] for name, values in chunk.items()}
        judged = judge.judged(tensor, expected[image], frame[tensor], frame)
        if judged is None:
            continue
        for place in map(tuple, np.argwhere(judged.tie & (frame[tensor] != expected[image])).tolist()):
            channel, y, x = place
            values = int(expected[image][place]), int(frame[tensor][place]), float(judged.value[place])
            found.append(Tie(stage, tensor, image, channel, y, x, *values))
    return found


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
