"""What a rewrite of a file changes, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from codesign.frontend.suggest import Change, Difference
from codesign.reporting.console import styled
from codesign.reporting.tables import plain_table, show

NAMED = 5
"""So many rewrites of a kind are told one by one."""


def print_suggestion(
    changes: Sequence[Change], differences: Sequence[Difference], measured_on: str, console: Console
) -> None:
    """A line for each kind of rewrite, what was done where, and the outputs' differences."""
    for title in dict.fromkeys(change.title for change in changes):
        done = [change for change in changes if change.title == title]
        console.print(styled((title, "bold"), f" ({len(done)})"))
        for change in done[:NAMED]:
            console.print(f"  {change.says}", soft_wrap=True)
        if len(done) > NAMED:
            console.print(f"  and {len(done) - NAMED} more")
    if not differences:
        return
    console.print()
    console.print(f"measured on {measured_on}:")
    table = plain_table(("output",), ("largest value", "largest difference", "mean difference", "same argmax"))
    for found in differences:
        figures = (f"{figure:.4g}" for figure in (found.magnitude, found.largest, found.mean))
        table.add_row(found.output, *figures, f"{found.same_argmax:.0%}")
    show(table, console)
