"""SPLIT, SPLIT_V, SLICE and STRIDED_SLICE of channels; DEPTH_TO_SPACE and SPACE_TO_DEPTH."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.reader import ANY, only
from codesign.frontend.selecting import picking, space_to_depth
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.split import Split

CHANNELS = "split or slice the channels, the last axis"


def read_split(importer: Importer, operator: Operator) -> tuple[Codes, ...]:
    """As many equal runs of channels as there are outputs; the axis comes first."""
    return _split(importer, operator, 1, 0)


def read_split_v(importer: Importer, operator: Operator) -> tuple[Codes, ...]:
    """Runs of channels; the axis comes last."""
    return _split(importer, operator, 0, 2)


def _split(importer: Importer, operator: Operator, source: int, axis: int) -> tuple[Codes, ...]:
    x, results = _map(importer, operator, source), [importer.model.tensors[i] for i in operator.outputs]
    along = importer.constant(operator, axis, "INT32").data
    assert along is not None
    if along.size != 1 or int(along.flat[0]) % len(x.shape) != len(x.shape) - 1:
        raise GraphError("splits other axes than the channels", remedy=CHANNELS)
    _check_codes(importer, operator, x)
    if len(results) == 1:
        return (x,)
    op = Split(tuple(result.shape[-1] for result in results))
    names = [result.name for result in results]
    tensors = importer.builder.add(op, [x.tensor], importer.place(operator), names)
    return tuple(Codes(tensor, x.code, result.shape) for tensor, result in zip(tensors, results, strict=True))


def read_slice(importer: Importer, operator: Operator) -> Codes:
    """From a beginning so many."""
    begin, size = (importer.constant(operator, place, "INT32").data for place in (1, 2))
    assert begin is not None and size is not None
    shape = importer.tensor(operator, 0).shape
    ends = [b + s if s >= 0 else n for b, s, n in zip(begin.tolist(), size.tolist(), shape, strict=True)]
    return _sliced(importer, operator, [slice(b, e) for b, e in zip(begin.tolist(), ends, strict=True)])


def read_strided_slice(importer: Importer, operator: Operator) -> Codes:
    """From a beginning to an end by a step; masks say where both are those of the axis."""
    begin, end, step = (importer.constant(operator, place, "INT32").data for place in (1, 2, 3))
    assert begin is not None and end is not None and step is not None
    masks = operator.option("begin_mask"), operator.option("end_mask")
    bounds = [
        slice(None if masks[0] >> axis & 1 else int(b), None if masks[1] >> axis & 1 else int(e), int(s))
        for axis, (b, e, s) in enumerate(zip(begin, end, step, strict=True))
    ]
    return _sliced(importer, operator, bounds)


def _sliced(importer: Importer, operator: Operator, bounds: Sequence[slice]) -> Codes:
    x, result = _map(importer, operator, 0), importer.result(operator)
    taken = [list(range(size))[part] for size, part in zip(x.shape, bounds, strict=True)]
    if any(places != list(range(size)) for places, size in zip(taken[:-1], x.shape[:-1], strict=True)):
        raise GraphError("takes a part of rows or columns", remedy=CHANNELS)
    _check_codes(importer, operator, x)
    if not taken[-1]:
        raise GraphError("takes nothing", remedy=AGAIN)
    if len(taken[-1]) == x.shape[-1] and taken[-1][0] == 0:
        return Codes(x.tensor, x.code, result.shape)
    return importer.emit(picking(taken[-1], x.shape[-1]), [x], operator)


def read_depth_to_space(importer: Importer, operator: Operator) -> Codes:
    """Blocks of pixels of the channels of one."""
    x, size = importer.map(operator), operator.option("block_size")
    _check_codes(importer, operator, x)
    return importer.emit(DepthToSpace((size, size)), [x], operator)


def read_space_to_depth(importer: Importer, operator: Operator) -> Codes:
    """The pixels of a block as channels of one."""
    x, size = importer.map(operator), operator.option("block_size")
    _check_codes(importer, operator, x)
    return importer.emit(space_to_depth(x.shape[-1], (size, size)), [x], operator)


def _map(importer: Importer, operator: Operator, place: int) -> Codes:
    x = importer.codes(operator, place)
    if int(np.prod(x.shape)) != int(np.prod(importer.kind(x).shape)) or x.shape[-1] != importer.kind(x).channels:
        raise GraphError("takes a part of a map as one vector", remedy=CHANNELS)
    return x


def _check_codes(importer: Importer, operator: Operator, x: Codes) -> None:
    if any(code_of(importer.model.tensors[i]) != x.code for i in operator.outputs):
        raise GraphError("changes the scale or the zero point", remedy=AGAIN)


STRIDED = {"begin_mask": ANY, "end_mask": ANY, "ellipsis_mask": only(0), "new_axis_mask": only(0)}

READERS = (
    Reader("SPLIT", read_split, 4, {"num_splits": ANY}, range(2, 3), several=True),
    Reader("SPLIT_V", read_split_v, 2, {"num_splits": ANY}, range(3, 4), several=True),
    Reader("SLICE", read_slice, 6, {}, range(3, 4)),
    Reader(
        "STRIDED_SLICE", read_strided_slice, 8, {**STRIDED, "shrink_axis_mask": only(0), "offset": only(False)},
        range(4, 5),
    ),
    Reader("DEPTH_TO_SPACE", read_depth_to_space, 2, {"block_size": ANY}),
    Reader("SPACE_TO_DEPTH", read_space_to_depth, 2, {"block_size": ANY}),
)  # fmt: skip
