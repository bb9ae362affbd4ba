"""What scripts write of the documentation: passages of Markdown between markers, and plots."""

import io
from pathlib import Path

from matplotlib.figure import Figure


def fill(file: Path, begin: str, end: str, text: str) -> None:
    """Puts `text` between the markers, where the file has them."""
    before, found, rest = file.read_text().partition(begin)
    _, _, after = rest.partition(end)
    if found:
        file.write_text(f"{before}{begin}{text}{end}{after}")


def svg(figure: Figure) -> bytes:
    """The figure without the time of its making."""
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()
