"""The JSON schema of `report.json`, which is shipped beside this file.

    python -m codesign.reporting.schema      writes the shipped file anew

A change of the records in `summary.py` that a reader of older files would not survive goes with a new `version` there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codesign.files import write_text
from codesign.reporting.summary import Summary

FILE = Path(__file__).with_name("report.schema.json")


def schema() -> dict[str, Any]:
    """The schema of the report's present version."""
    found = Summary.model_json_schema(mode="serialization")
    version = Summary.model_fields["version"].default
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"codesign-report-{version}", **found}


def text() -> str:
    """What the shipped file holds."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    write_text(FILE, text())
