"""How far off predicted LUTs and flip-flops may be: 90 % of blocks lie within their error bar.

Error bars come from the residuals of the blocks that the formulas were fitted to (`benchmarks/cost/fit.py`): for each
operator `absolute + relative * predicted`, and the part of it that all blocks of the operator have in `common`. In
totals what is common adds up, and the rest adds up as independent errors do, by its squares. DSP slices and block RAMs
have none: they are counted, and were as predicted in every block that the formulas were fitted to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from codesign.cost.block import BlockCost, Resources
from codesign.cost.coefficients import FILE
from codesign.record import Record

OTHERS = "others"
"""The error bar of operators with few blocks to fit to, and of streams."""


class ErrorBar(Record):
    """Plus or minus `half_width`, of which `common` is shared with all that is made by the same formula."""

    half_width: float = 0
    common: float = 0

    def __add__(self, other: ErrorBar) -> ErrorBar:
        common = self.common + other.common
        return ErrorBar(half_width=math.hypot(self._own, other._own, common), common=common)

    @property
    def _own(self) -> float:
        return math.sqrt(max(self.half_width**2 - self.common**2, 0))


class ErrorBars(Record):
    """Error bars of LUTs and of flip-flops."""

    lut: ErrorBar = ErrorBar()
    ff: ErrorBar = ErrorBar()

    def of(self, resource: str) -> float:
        """The half width of a resource's; 0 of one that is counted exactly."""
        bar = getattr(self, resource, None)
        return bar.half_width if isinstance(bar, ErrorBar) else 0.0

    def __add__(self, other: ErrorBars) -> ErrorBars:
        return ErrorBars(lut=self.lut + other.lut, ff=self.ff + other.ff)


@dataclass(frozen=True)
class _Rule:
    relative: float
    absolute: float
    common: float
    blocks: int

    def of(self, predicted: float) -> ErrorBar:
        if not predicted:
            return ErrorBar()
        half_width = self.absolute + self.relative * predicted
        return ErrorBar(half_width=round(half_width, 1), common=round(min(self.common * predicted, half_width), 1))


def of_block(operator: str, cost: BlockCost | Resources) -> ErrorBars:
    """The error bars of one block of the operator; "conv_tile" is a convolution with weights from memory."""
    lut, ff = (_rules()[figure].get(operator, _rules()[figure][OTHERS]) for figure in ("lut", "ff"))
    return ErrorBars(lut=lut.of(cost.lut), ff=ff.of(cost.ff))


def total(parts: Iterable[ErrorBars]) -> ErrorBars:
    """Those of a sum."""
    return sum(parts, ErrorBars())


@cache
def _rules() -> Mapping[str, Mapping[str, _Rule]]:
    found = yaml.safe_load(FILE.read_text())["error_bars"]
    return {figure: {name: _Rule(**rule) for name, rule in of.items()} for figure, of in found.items()}
