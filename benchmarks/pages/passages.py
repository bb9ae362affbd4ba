"""What scripts write of the documentation: passages of Markdown between markers, and plots."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

DOCS = Path(__file__).parents[2] / "docs"


def fill(file: Path, begin: str, end: str, text: str) -> None:
    """Puts `text` between the markers, where the file has them."""
    before, found, rest = file.read_text().partition(begin)
    _, _, after = rest.partition(end)
    if found:
        file.write_text(f"{before}{begin}{text}{end}{after}")


def fill_named(page: Path, name: str, text: str) -> None:
    """Fills the passage `name` of docs/X.md, which benchmarks/pages/X.py makes."""
    fill(page, f"<!-- {name}: benchmarks/pages/{page.stem}.py -->\n", f"<!-- end of {name} -->\n", f"\n{text}\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], first: str = "---", others: str = "--:") -> str:
    """A table of Markdown; first, others: how the first column and the others are aligned."""
    lines = [headings, [first] + [others] * (len(headings) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def svg(figure: Figure) -> bytes:
    """The figure without the time of its making."""
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()
