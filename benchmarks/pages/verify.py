"""Makes the table of docs/verify.md anew from benchmarks/results/verdicts.json.

python -m benchmarks.pages.verify
"""

from __future__ import annotations

from typing import Any

from benchmarks.pages.passages import DOCS, fill_named, table
from benchmarks.record import load

PAGE = DOCS / "verify.md"


def main() -> None:
    rows = [_cells(row) for row in load("verdicts")["networks"]]
    fill_named(PAGE, "verdicts", table(["network", "images", "stages", "exact", "values compared"], rows))


def _cells(row: dict[str, Any]) -> list[str]:
    stages = row["stages"]
    exact = sum(stage["exact"] for stage in stages)
    values = sum(stage["values"] for stage in stages)
    return [row["network"], str(row["images"]), str(len(stages)), str(exact), f"{values:,}"]


if __name__ == "__main__":
    main()
