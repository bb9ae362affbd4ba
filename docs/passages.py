"""Passages of Markdown files that scripts write, between markers."""

from pathlib import Path


def fill(file: Path, begin: str, end: str, text: str) -> None:
    """Puts `text` between the markers, where the file has them."""
    before, found, rest = file.read_text().partition(begin)
    _, _, after = rest.partition(end)
    if found:
        file.write_text(f"{before}{begin}{text}{end}{after}")
