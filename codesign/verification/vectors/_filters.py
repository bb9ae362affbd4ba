"""What makes the sums of filters reach both their ends: inputs whose signs are those of the weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.types import TensorType
from codesign.graph.windows import Filters, Pads, Pair, output_size
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frames, Goal

Patch = IntArray
"""(C, kH, kW): all that one output pixel is made of."""


def frames(
    weight: IntArray,
    bias: IntArray | int,
    x: TensorType,
    stride: Pair,
    pads: Pads,
    rng: np.random.Generator,
    groups: int = 1,
    outside: int = 0,
) -> Iterator[IntArray]:
    """Frames (C, H, W) in which every output channel's sum reaches both its ends, and so do sums of its first inputs.

    weight: (C_out, C / groups, kH, kW); outside: the value around the map.
    """
    kernel = (weight.shape[2], weight.shape[3])
    yield fill.uniform(rng, x)
    yield from placed(extremes(weight, x, rng, groups, bias), x, kernel, stride, pads, rng)
    if not (x.lo <= outside <= x.hi and fits(x, kernel, stride, pads)):
        yield from _at_borders(weight, x, stride, pads, rng, outside)
    yield fill.ends(rng, x)
    yield fill.constant(x, x.hi)
    yield fill.constant(x, x.lo)
    yield from placed(turning(weight, x, rng, groups), x, kernel, stride, pads, rng)
    yield fill.uniform(rng, x)


def goals(
    weight: IntArray, bias: IntArray, x: TensorType, stride: Pair, pads: Pads, outside: int = 0
) -> tuple[Goal, ...]:
    """Both ends of every output channel's sums."""
    return (ends_of_sums(bounds(weight, bias, x, stride, pads, outside)),)


def ends_of_sums(reach: IntArray) -> Goal:
    """The goal that every output channel takes both its ends `reach` (C, 2)."""

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        found = np.stack((outputs[0].min(axis=(0, 2, 3)), outputs[0].max(axis=(0, 2, 3))), axis=1)
        reached: Flags = found == reach
        return reached

    return Goal("ends of sums", np.ones(reach.shape, dtype=bool), seen, (int(reach.min()), int(reach.max())))


def bounds(weight: IntArray, bias: IntArray, x: TensorType, stride: Pair, pads: Pads, outside: int = 0) -> IntArray:
    """(C_out, 2): the least and the greatest sum of each channel that some window of the map can have."""
    kernel = (weight.shape[2], weight.shape[3])
    rows, columns = (_inside(x.shape[1 + axis], kernel, stride, pads, axis, x) for axis in (0, 1))
    weight = weight.astype(np.int64)
    ends = weight[..., None] * np.array([x.lo, x.hi])
    around = outside * weight.sum(axis=1)
    found = []
    for choose in (np.min, np.max):
        gain = choose(ends, axis=-1).sum(axis=1) - around
        sums = np.einsum("uk,vl,ckl->cuv", rows, columns, gain) + around.sum(axis=(1, 2))[:, None, None]
        found.append(choose(sums, axis=(1, 2)) + bias)
    return np.stack(found, axis=1)


def extremes(
    weight: IntArray, x: TensorType, rng: np.random.Generator, groups: int = 1, bias: IntArray | int = 0
) -> Iterator[Patch]:
    """For each output channel the patches of its greatest and of its least sum; a channel of every group at once.

    What reaches furthest comes first, on either side: the width of the accumulators is for that.
    """
    by_group = weight.reshape(groups, -1, *weight.shape[1:])
    ends = by_group.astype(np.int64)[..., None] * np.array([x.lo, x.hi])
    offset = np.broadcast_to(bias, weight.shape[0]).reshape(groups, -1)
    greatest = (ends.max(axis=-1).sum(axis=(2, 3, 4)) + offset).max(axis=0)
    least = (ends.min(axis=-1).sum(axis=(2, 3, 4)) + offset).min(axis=0)
    further = np.argsort(np.concatenate((greatest.max() - greatest, least - least.min())), kind="stable")
    for index in further:
        sign = 1 if index < len(greatest) else -1
        yield _matched(sign * by_group[:, index % len(greatest)].reshape(-1, *weight.shape[2:]), x, rng)


def turning(weight: IntArray, x: TensorType, rng: np.random.Generator, groups: int = 1) -> Iterator[Patch]:
    """As `extremes`, but for the greatest sum of the first half of the inputs and the least of the rest, or vice versa.

    What is summed first is far out where the whole is not. The order is the hardware's: rows, columns, channels.
    """
    _, inputs, *kernel = weight.shape
    order = np.arange(inputs * kernel[0] * kernel[1]).reshape(*kernel, inputs).transpose(2, 0, 1)
    first = np.where(order < order.size / 2, 1, -1)
    return extremes(weight * first, x, rng, groups)


def placed(
    patches: Iterable[Patch], x: TensorType, kernel: Pair, stride: Pair, pads: Pads, rng: np.random.Generator
) -> Iterator[IntArray]:
    """Frames with as many patches as find room beside each other; where none fits, they are cut off."""
    rows, columns = (_starts(x.shape[1 + axis], kernel, stride, pads, axis, x) for axis in (0, 1))
    corners = [(row, column) for row in rows for column in columns]
    left = iter(patches)
    while group := list(islice(left, len(corners))):
        frame = fill.uniform(rng, x)
        for (row, column), patch in zip(corners, group, strict=False):
            _stamp(frame, patch, row, column)
        yield frame


def of_op(
    op: Filters, bias: IntArray | int, x: TensorType, rng: np.random.Generator, groups: int = 1, outside: int = 0
) -> Iterator[tuple[IntArray, ...]]:
    """`frames` of a convolution."""
    return ((frame,) for frame in frames(op.weight, bias, x, op.stride, op.pads, rng, groups, outside))


def _at_borders(
    weight: IntArray, x: TensorType, stride: Pair, pads: Pads, rng: np.random.Generator, outside: int
) -> Iterator[IntArray]:
    """For each end of each output channel a frame with the window of that sum, which may reach beyond the map."""
    outputs, inputs = weight.shape[:2]
    runs = outputs * inputs // x.channels
    for output in range(outputs):
        first = output // runs * inputs
        for filters in (weight[output], -weight[output]):
            frame = fill.uniform(rng, x)
            stamp_best(frame[first : first + inputs], filters, x, stride, pads, rng, outside)
            yield frame


def stamp_best(
    part: IntArray, filters: IntArray, x: TensorType, stride: Pair, pads: Pads, rng: np.random.Generator, outside: int
) -> None:
    """Writes the inputs of the greatest sum of `filters` (C, kH, kW) into `part` (C, H, W), at the window that has it.

    What a window sums is `outside` times the weights, and for each tap within the map the difference that it makes.
    """
    kernel = (filters.shape[1], filters.shape[2])
    starts = [
        np.arange(size) * step - pad
        for size, step, pad in zip(output_size(x, kernel, stride, pads), stride, pads, strict=False)
    ]
    within = []
    for axis, begin in enumerate(starts):
        taps = begin[:, None] + np.arange(kernel[axis])
        within.append(((taps >= 0) & (taps < x.shape[1 + axis])).astype(np.int64))
    patch = _matched(filters, x, rng)
    gain = (filters.astype(np.int64) * (patch - outside)).sum(axis=0)
    row, column = divmod(int(np.einsum("uk,vl,kl->uv", *within, gain).argmax()), len(starts[1]))
    _stamp(part, patch, int(starts[0][row]), int(starts[1][column]))


def fits(x: TensorType, kernel: Pair, stride: Pair, pads: Pads) -> bool:
    """Whether some window lies within the map."""
    return all((_inside(x.shape[1 + axis], kernel, stride, pads, axis, x).all(axis=1)).any() for axis in (0, 1))


def _matched(filters: IntArray, x: TensorType, rng: np.random.Generator) -> Patch:
    """The highest values where weights are positive, the lowest where they are negative, any where they are zero."""
    free = x.lo + x.step * rng.integers(0, x.levels, filters.shape)
    return np.where(filters > 0, x.hi, np.where(filters < 0, x.lo, free)).astype(np.int32)


def _inside(size: int, kernel: Pair, stride: Pair, pads: Pads, axis: int, x: TensorType) -> IntArray:
    """Which taps along an axis lie within the map, (cases, taps) of 0 and 1: every case that some window has."""
    starts = np.arange(output_size(x, kernel, stride, pads)[axis])[:, None] * stride[axis] - pads[axis]
    taps = starts + np.arange(kernel[axis])
    return np.unique(((taps >= 0) & (taps < size)).astype(np.int64), axis=0)


def _starts(size: int, kernel: Pair, stride: Pair, pads: Pads, axis: int, x: TensorType) -> list[int]:
    """Where along an axis windows begin that lie within the map and do not touch; or the one that lies in it most."""
    outputs = output_size(x, kernel, stride, pads)[axis]
    all_starts = [output * stride[axis] - pads[axis] for output in range(outputs)]
    starts: list[int] = []
    for start in all_starts:
        if start >= 0 and start + kernel[axis] <= size and (not starts or start >= starts[-1] + kernel[axis]):
            starts.append(start)
    inside = [min(start + kernel[axis], size) - max(start, 0) for start in all_starts]
    return starts or [all_starts[int(np.argmax(inside))]]


def _stamp(frame: IntArray, patch: Patch, row: int, column: int) -> None:
    """Writes `patch` into `frame` with its upper left corner there, as far as it lies within."""
    _, height, width = frame.shape
    rows = [y for y in range(patch.shape[1]) if 0 <= row + y < height]
    columns = [x for x in range(patch.shape[2]) if 0 <= column + x < width]
    frame[:, [[row + y] for y in rows], [column + x for x in columns]] = patch[:, [[y] for y in rows], columns]
