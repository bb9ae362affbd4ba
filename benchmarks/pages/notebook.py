"""Renders the board's notebook as a page:

    python -m benchmarks.pages.notebook

`docs/pynq.md` is what it writes; a test says when it is behind the notebook.
"""

import json

from benchmarks.pages.passages import DOCS

NOTEBOOK = DOCS.parent / "codesign" / "emit" / "board" / "templates" / "detect.ipynb"
PAGE = DOCS / "pynq.md"
NOTE = """
---
Rendered by `benchmarks/pages/notebook.py` from [detect.ipynb](../codesign/emit/board/templates/detect.ipynb), which
every board package holds. `tests/test_driver.py` runs its cells on the simulated hardware; no output is shown, since no
board was at hand: [board.md](board.md).
"""


def code_cells() -> list[str]:
    """The programs of the notebook, in order."""
    return ["".join(cell["source"]) for cell in _cells() if cell["cell_type"] == "code"]


def page() -> str:
    """The whole notebook in Markdown."""
    parts = [
        "".join(cell["source"]) if cell["cell_type"] == "markdown" else f"```python\n{''.join(cell['source'])}\n```"
        for cell in _cells()
    ]
    return "\n\n".join(parts) + "\n" + NOTE


def _cells() -> list[dict]:
    return json.loads(NOTEBOOK.read_text())["cells"]


if __name__ == "__main__":
    PAGE.write_text(page())
