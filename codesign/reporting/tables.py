"""Tables for a terminal: where one is too wide it comes in several, one below the other, and no figure is cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table

NARROWEST_NAME = 16
"""Characters of the first column that are always shown."""
NARROWEST_TEXT = 24
"""Characters of another column of text, which is broken into lines, that are always in one."""


def plain_table(texts: Sequence[str], figures: Sequence[str] = (), *, gap: int = 2) -> Table:
    """A table without lines: columns of text, then columns of figures, `gap` blanks between them."""
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="bold", pad_edge=False)
    for heading in texts:
        table.add_column(heading)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def captioned(lines: Mapping[str, str]) -> Table:
    """Texts behind their names, without headings; a text that is too wide goes on below itself."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, line in lines.items():
        table.add_row(name, line)
    return table


def show(table: Table, console: Console) -> None:
    """Prints a table made by `plain_table` in as many parts as the console's width needs.

    Each part begins with the first column, which names the lines; its names are cut in front if they leave too little
    room. A column of text alone that is wider than the console is broken into lines.
    """
    parts = list(_parts(table, console))
    for number, columns in enumerate(parts):
        if number:
            console.print()
        console.print(_part(table, columns, _name_width(table, columns, console)))


def shorten(name: str, width: int) -> str:
    """`name` with its beginning cut where it is too long: the end tells more."""
    return name if len(name) <= width else f"…{name[-(width - 1) :]}"


def _parts(table: Table, console: Console) -> Iterator[list[int]]:
    """Columns of each part, the first column in all of them."""
    widths = _widths(table, console)
    if sum(widths) <= console.width + table.padding[1]:
        yield list(range(len(widths)))
        return
    name = min(widths[0], _least_name(table, widths[0]))
    part, used = [0], name
    for column, width in enumerate(widths[1:], start=1):
        if len(part) > 1 and used + width > console.width + table.padding[1]:
            yield part
            part, used = [0], name
        part.append(column)
        used += width
    yield part


def _least_name(table: Table, width: int) -> int:
    return min(width, NARROWEST_NAME + table.padding[1])


def _widths(table: Table, console: Console) -> list[int]:
    """The width of each column with the blanks behind it: a figure's whole one, and the least that a text needs."""
    gap, widths = table.padding[1], []
    for number, column in enumerate(table.columns):
        widest = max(console.measure(cell).maximum for cell in (column.header, *column.cells))
        breaks = number > 0 and not column.no_wrap
        widths.append(gap + (min(widest, NARROWEST_TEXT) if breaks else widest))
    return widths


def _name_width(table: Table, columns: Sequence[int], console: Console) -> int:
    """What the other columns of a part leave to the first."""
    widths = _widths(table, console)
    room = console.width - sum(widths[column] for column in columns[1:])
    return max(NARROWEST_NAME, room)


def _part(table: Table, columns: Sequence[int], name_width: int) -> Table:
    part = Table(box=None, padding=table.padding, header_style=table.header_style, pad_edge=False)
    for column in (table.columns[number] for number in columns):
        part.add_column(column.header, justify=column.justify, no_wrap=column.no_wrap)
    cells = [list(table.columns[number].cells) for number in columns]
    for row, line in zip(table.rows, zip(*cells, strict=True), strict=True):
        first, *others = line
        named = shorten(first, name_width) if isinstance(first, str) else first
        part.add_row(named, *others, style=row.style)
    return part
