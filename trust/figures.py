"""results/trust.json: what fuzzing, proofs, mutants, sabotage, kills and hostile files have shown, each a part."""

from __future__ import annotations

import json
from collections.abc import Mapping

from benchmarks.record import RESULTS
from codesign.files import write_text

RESULT = RESULTS / "trust.json"
KEYS = (
    "networks",
    "networks_compiled",
    "networks_with",
    "networks_compiled_with",
    "refused",
    "mismatches",
    "mutants",
    "caught",
    "equivalent",
    "python_mutants",
    "proofs",
    "kills",
    "lost",
    "hostile_files",
    "crashes",
    "sabotages",
)


def update(part: Mapping[str, object]) -> None:
    """Replaces the entries of `part`, the others stay."""
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    merged = known | part
    write_text(RESULT, json.dumps({key: merged[key] for key in KEYS if key in merged}, indent=1) + "\n")
