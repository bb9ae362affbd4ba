"""Operators of a tensor and a constant: a function of one value a channel, which LiteRT itself tells for every code."""

from __future__ import annotations

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.tables import tabulated
from codesign.frontend.tflite.alone import run_alone
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.values import Codes


def with_constant(importer: Importer, operator: Operator) -> Codes | None:
    """What the operator makes of its one operand that is no constant; None if both are computed."""
    constants = [importer.tensor(operator, place).data is not None for place in (0, 1)]
    if not any(constants):
        return None
    place = constants.index(False)
    x, constant = importer.codes(operator, place), importer.tensor(operator, 1 - place)
    kind, result = importer.kind(x), importer.result(operator)
    values = np.asarray(constant.data)
    if values.size not in (1, kind.channels) or (values.size > 1 and values.shape[-1] != kind.channels):
        raise GraphError(
            f"a constant of {list(values.shape)} is not one number a channel", remedy="use one for all or one a channel"
        )
    if result.shape != x.shape:
        raise GraphError(f"makes {list(result.shape)} of {list(x.shape)}", remedy="broadcast the constant only")
    q, code = np.arange(kind.lo, kind.hi + 1), code_of(result)
    pair = [grid.ravel() for grid in np.meshgrid(x.code.codes(q), values.reshape(-1), indexing="ij")]
    tensors = [importer.tensor(operator, index) for index in (0, 1)]
    found = run_alone(operator, tensors, pair if place == 0 else pair[::-1], result)
    op = tabulated(found.astype(np.int64).reshape(q.size, -1) - code.zero, kind, code.scale)
    return Codes(importer.add(op, [x.tensor], operator, final=True), code, x.shape)
