"""The picture of a network's file in three zones: its operators as boxes from top to bottom, and what reads what.

Few operators stand one by one with their names in the file; of many there is a box for each kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from codesign.reporting.summary import FileNode, FileZones, Summary, Zone
from codesign.reporting.tables import shorten
from codesign.reporting.zones import becomes, in_file, in_stream

WIDTH, ROW, BOX, TOP = 360, 40, 30, 50
LEFT, TRUNK = 40, 62
"""Where boxes begin, and where the streams between neighbours run."""
LETTERS = 44
"""Characters of a small line across the picture."""
NAME_LETTERS = 44
"""Characters of an operator's kind and name in its box."""


@dataclass(frozen=True)
class Box:
    """An operator, or all of a kind. y: of its upper edge; label: in bold; title: beside it; whole: not shortened."""

    y: int
    label: str
    title: str
    whole: str


@dataclass(frozen=True)
class ZonePicture:
    """name: of the zone; note: below it; arrives, leaves: what crosses its boundaries; paths: the streams, as SVG."""

    name: str
    note: str
    arrives: str
    leaves: str
    boxes: tuple[Box, ...]
    paths: tuple[str, ...]
    height: int


def zone_pictures(summary: Summary) -> tuple[ZonePicture, ...]:
    """Head, hardware and tail; none where the network comes from no file."""
    file = summary.file
    if file is None:
        return ()
    entering, leaving = in_stream(file.inputs, summary), in_stream(file.outputs, summary)
    fed = ", ".join(map(in_file, file.inputs))
    reals = ", ".join(map(in_file, file.outputs))
    results = "the file's outputs"
    head = becomes(file, summary).split(",")[0] if file.head.count else "nothing stands before the first integers"
    tail = "on the host" if file.tail.count else "nothing is left to the host"
    return (
        _drawn("Head", head, file.head, fed, entering if not file.within else "into the hardware"),
        _drawn("Hardware", f"{len(summary.blocks)} blocks", file.hardware, _into(file, entering), leaving),
        _drawn("Tail", tail, file.tail, reals, results),
    )


def _into(file: FileZones, entering: str) -> str:
    return f"{entering}, and the head" if file.within else entering


def _drawn(name: str, note: str, zone: Zone, arrives: str, leaves: str) -> ZonePicture:
    boxes = _nodes(zone) if zone.nodes else _kinds(zone)
    bottom = TOP + ROW * max(len(boxes), 1)
    paths = _streams(zone.nodes) if zone.nodes else [_straight(-1), _straight(max(len(boxes), 1) - 1)]
    return ZonePicture(
        name, shorten(note, LETTERS), _cut(arrives), _cut(leaves), tuple(boxes), tuple(paths), bottom + 34
    )


def _cut(text: str) -> str:
    """The beginning of a line that is too long."""
    text = text.replace("x", "×") if text[:1].isdigit() else text  # noqa: RUF001
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _nodes(zone: Zone) -> list[Box]:
    return [_box(place, node.operator, node.name) for place, node in enumerate(zone.nodes)]


def _kinds(zone: Zone) -> list[Box]:
    return [_box(place, kind, f"× {count}") for place, (kind, count) in enumerate(zone.operators.items())]  # noqa: RUF001


def _box(place: int, label: str, title: str) -> Box:
    label = shorten(label, NAME_LETTERS - 8)
    room = NAME_LETTERS - len(label) - 2
    return Box(TOP + ROW * place, label, shorten(title, room), title)


def _streams(nodes: tuple[FileNode, ...]) -> list[str]:
    """From the boundary above to those that read none of the others, and from those that none reads to that below."""
    read = {place for node in nodes for place in node.reads}
    found = []
    for place, node in enumerate(nodes):
        found += [_stream(source, place, len(nodes)) for source in node.reads or (-1,)]
    return found + [_stream(place, len(nodes), len(nodes)) for place in range(len(nodes)) if place not in read]


def _stream(source: int, reader: int, last: int) -> str:
    """A line between neighbours; else a bow at the left, which reaches the further out the longer it is.

    -1 and `last` are the boundaries.
    """
    if reader == source + 1:
        return _straight(source)
    start, end = TOP + ROW * source + BOX // 2, TOP + ROW * reader + BOX // 2
    out = LEFT - min(36, 12 + 6 * (reader - source))
    if source < 0:
        return f"M{TRUNK} {TOP - 8}H{LEFT}C{out} {TOP - 8} {out} {end} {LEFT} {end}"
    if reader == last:
        end = TOP + ROW * reader - 5
        return f"M{LEFT} {start}C{out} {start} {out} {end} {LEFT} {end}H{TRUNK}"
    return f"M{LEFT} {start}C{out} {start} {out} {end} {LEFT} {end}"


def _straight(source: int) -> str:
    start = TOP + ROW * source + BOX if source >= 0 else TOP - ROW + BOX
    return f"M{TRUNK} {start}V{TOP + ROW * (source + 1)}"
