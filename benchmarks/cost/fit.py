"""Fits the coefficients of the cost model to the kept syntheses, and writes codesign/cost/coefficients.yaml.

    python -m benchmarks.cost.fit

Every formula is linear in its coefficients, so a block's LUTs (and flip-flops) are a row of a linear system: what is
left with all coefficients at zero, and what each of them adds. It is solved by least squares of relative errors, no
coefficient below zero unless the file says `signed`. The file's names, units, meanings and priors stay as they are.
`prior` is what was fitted by hand to about 900 earlier blocks and single modules whose syntheses were not kept. It
weighs as one more observation of each coefficient: what the kept blocks say little of stays near it.

Error bars are those of the blocks that a formula was fitted to, each predicted by a fit without it (its residual over
one less its leverage): per operator `absolute + relative * figure` such that 90 % of the blocks lie within, with the
correction for few blocks. `common` is the part of an error that all blocks of an operator share: how far the mean of
small or of trained blocks lies off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from benchmarks.cost import syntheses
from benchmarks.cost.syntheses import Synthesis
from codesign.cost import coefficients
from codesign.files import write_text

Figure = Literal["lut", "ff"]
Floats = NDArray[np.float64]

FIGURES: tuple[Figure, ...] = ("lut", "ff")

NOISE = 0.04
"""Relative errors of blocks that are taken for usual when they are weighed against priors."""

PRIOR_NOISE, LEAST_PRIOR_NOISE = 0.3, 0.3
"""Relative, and at least absolute, errors of priors that are taken for usual."""

FLOOR = 40
"""An error of a block this small weighs as one of a block of so many LUTs or flip-flops."""

STEP = 1024.0
"""Formulas round their result: a coefficient's part is told by a value so large that this is lost."""

COVERAGE = 0.9

FEW = 10
"""Operators with fewer blocks share one error bar."""

SHARED = "others"
"""The error bar of operators with few blocks, and of whatever has none."""


@dataclass(frozen=True, eq=False)
class System:
    """figure = fixed + parts @ values, of blocks by coefficients; `priors` of these."""

    names: tuple[str, ...]
    priors: Floats
    fixed: Floats
    parts: Floats
    figure: Floats

    @property
    def weights(self) -> Floats:
        found: Floats = 1 / (NOISE * np.maximum(self.figure, FLOOR))
        return found


@dataclass(frozen=True, eq=False)
class Fit:
    """values: of the system's names. residuals: predicted less synthesized, of each block by a fit without it."""

    system: System
    values: Floats
    residuals: Floats


def main() -> None:
    text = fitted(syntheses.load(), coefficients.FILE.read_text())
    write_text(coefficients.FILE, text)
    print(text[text.index("error_bars:") :])


def fitted(blocks: Sequence[Synthesis], before: str) -> str:
    """The coefficients' file made anew of `blocks`, its names, units, meanings and priors those of `before`."""
    content = yaml.safe_load(before)
    fits = {figure: fit(found) for figure, found in systems(blocks, content["sections"]).items()}
    for name, section in content["sections"].items():
        section.pop("fitted_on", None)
        for figure in FIGURES:
            _fill(name, section, fits[figure], blocks)
        section.setdefault("fitted_on", "no block that is kept: the prior")
    content["error_bars"] = {figure: error_bars(fits[figure], blocks) for figure in FIGURES}
    return yaml.safe_dump(content, sort_keys=False, width=200, default_flow_style=None, allow_unicode=True)


def systems(blocks: Sequence[Synthesis], sections: Mapping[str, Any]) -> dict[Figure, System]:
    """The linear systems of all blocks, each of the coefficients that some of them depend on."""
    entries = {f"{name}.{key}": entry for name, s in sections.items() for key, entry in s["coefficients"].items()}
    zeros = dict.fromkeys(entries, 0.0)
    fixed = _predicted(blocks, zeros)
    parts = np.zeros((len(entries), *fixed.shape))
    for section in sections:
        mine = [name for name in entries if name.rpartition(".")[0] == section]
        told = np.flatnonzero((_predicted(blocks, zeros | dict.fromkeys(mine, STEP)) != fixed).any(axis=1))
        some = [blocks[index] for index in told]
        for place, name in enumerate(entries):
            if some and name in mine:
                parts[place, told] = (_predicted(some, zeros | {name: STEP}) - fixed[told]) / STEP
    parts[np.abs(parts) < 2 / STEP] = 0
    priors = np.array([entry["prior"] for entry in entries.values()], float)
    return {
        figure: _system(tuple(entries), priors, fixed[:, at], parts[:, :, at].T, blocks, figure)
        for at, figure in enumerate(FIGURES)
    }


def _system(
    names: tuple[str, ...], priors: Floats, fixed: Floats, parts: Floats, blocks: Sequence[Synthesis], figure: Figure
) -> System:
    told = (parts != 0).any(axis=0)
    found = np.array([getattr(block.used, figure) for block in blocks], float)
    return System(tuple(np.array(names)[told].tolist()), priors[told], fixed, parts[:, told], found)


def _predicted(blocks: Sequence[Synthesis], values: Mapping[str, float]) -> Floats:
    """(blocks, figures)."""
    with coefficients.replaced(values):
        costs = [block.point.cost for block in blocks]
    return np.array([[cost.lut, cost.ff] for cost in costs], float)


def fit(of: System) -> Fit:
    """Least squares of relative errors and of priors, nothing below zero but what may be."""
    may_be_negative = coefficients.signed()
    lowest = [-np.inf if name in may_be_negative else 0.0 for name in of.names]
    sure = 1 / np.maximum(PRIOR_NOISE * np.abs(of.priors), LEAST_PRIOR_NOISE)
    matrix = np.concatenate([of.parts * of.weights[:, None], np.diag(sure)])
    solved = lsq_linear(
        matrix,
        np.concatenate([(of.figure - of.fixed) * of.weights, of.priors * sure]),
        (lowest, np.inf),
        method="bvls",
    )
    values = np.array([round(float(value), 3) for value in solved.x])
    leverage = (np.linalg.qr(matrix[:, solved.active_mask == 0])[0] ** 2).sum(axis=1)[: len(of.figure)]
    return Fit(of, values, (of.fixed + of.parts @ values - of.figure) / (1 - leverage))


def error_bars(found: Fit, blocks: Sequence[Synthesis]) -> dict[str, dict[str, float]]:
    """By operator."""
    operators = np.array([block.point.operator for block in blocks])
    samplers = np.array([block.point.draw.sampler for block in blocks])
    names, counts = np.unique(operators, return_counts=True)
    few = np.isin(operators, names[counts < FEW])
    groups = {str(name): operators == name for name, count in zip(names, counts, strict=True) if count >= FEW}
    if few.any():
        groups[SHARED] = few
    return {name: _error_bar(found, mine, samplers) for name, mine in groups.items()}


def _error_bar(found: Fit, mine: NDArray[np.bool_], samplers: NDArray[np.str_]) -> dict[str, float]:
    """The narrowest of the form on average that holds enough blocks."""
    sizes, errors = found.system.figure[mine], np.abs(found.residuals[mine])
    rank = min(math.ceil((len(errors) + 1) * COVERAGE), len(errors)) - 1
    options = []
    for relative in np.arange(0, 0.4, 0.005):
        absolute = float(np.sort(np.maximum(errors - relative * sizes, 0))[rank])
        width = np.mean((absolute + relative * sizes) / np.maximum(sizes, FLOOR))
        options.append((round(float(width), 6), round(float(relative), 3), math.ceil(10 * absolute) / 10))
    _, relative, absolute = min(options)
    groups = (mine & (samplers == sampler) for sampler in np.unique(samplers[mine]))
    common = max(abs(found.residuals[group].sum() / found.system.figure[group].sum()) for group in groups)
    return {"relative": relative, "absolute": absolute, "common": round(float(common), 4), "blocks": int(mine.sum())}


def _fill(name: str, section: dict[str, Any], found: Fit, blocks: Sequence[Synthesis]) -> None:
    """Writes a section's fitted values, and on which blocks they were fitted, into it."""
    keys = {f"{name}.{key}": key for key in section["coefficients"]}
    columns = [column for column, key in enumerate(found.system.names) if key in keys]
    for column in columns:
        section["coefficients"][keys[found.system.names[column]]]["value"] = float(found.values[column])
    used = (found.system.parts[:, columns] != 0).any(axis=1)
    if used.any():
        operators = sorted({block.point.operator for block, mine in zip(blocks, used, strict=True) if mine})
        section["fitted_on"] = f"{int(used.sum())} blocks: {', '.join(operators)}"
        share = np.abs(found.residuals[used]) / np.maximum(found.system.figure[used], 1)
        section["residual"] = f"{float(np.median(share)):.1%} of the block in the median"


if __name__ == "__main__":
    main()
