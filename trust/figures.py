"""results/trust.json: what fuzzing, proofs, mutants, sabotage, kills and hostile files have shown, each a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks import record

NAME = "trust"


def update(part: str, entries: Mapping[str, object], sources: Sequence[str]) -> None:
    """Replaces the entries that `part` makes from files that `sources` match; the others stay."""
    record.save(NAME, record.load(NAME) | dict(entries), sources, part=part)
