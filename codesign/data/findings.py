"""What can be odd about a set of pictures, worst first, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from codesign.errors import DataError

EXAMPLES = 3
REFUSED_EXAMPLES = 8
"""So many findings of a kind are told one by one."""


@dataclass(frozen=True)
class Kind:
    """A kind of finding. title: said after a number. remedy: what to do. fatal: whether the set is refused for it."""

    title: str
    remedy: str
    fatal: bool = True


UNREADABLE = Kind("unreadable annotation files", "restore the file")
NO_TRAINING = Kind("sets without a split to train on", "name a folder or a list train")
NO_PICTURES = Kind("splits without a picture", "restore it")
NO_OBJECTS = Kind("splits without any object", "restore the annotations")
NO_PICTURE = Kind("missing pictures", "restore it, or unlist it")
NO_ANNOTATION = Kind("missing annotations", "restore it, or unlist it")
DAMAGED = Kind("damaged pictures", "restore the file")
AMBIGUOUS = Kind("pictures that are there more than once", "give them names of their own, or their folders")
TWO_LISTS = Kind("splits with several lists", "keep the one to use")
TWICE = Kind("duplicated entries", "keep one of them")
UNKNOWN_PICTURE = Kind("objects of unknown pictures", "list the picture, or remove the object")
UNKNOWN_CLASS = Kind("objects of unknown classes", "list it in the recipe's model.classes")
NO_BOX = Kind("objects without a readable box", "correct it")
OTHER_SIZE = Kind("pictures of another size than annotated", "restore the file, or correct the size")
OUTSIDE = Kind("boxes outside their pictures", "correct it, or clip all such boxes with data.boxes=clip")
MANY = Kind("pictures of too many objects", "cut the picture into several")
NOT_FOLLOWED = Kind("names that lead outside", "list plain names")

GONE = Kind("boxes wholly outside their pictures, dropped", "correct them", fatal=False)
CLIPPED = Kind("boxes clipped to their pictures", "correct them if they should not be", fatal=False)
EMPTY = Kind("boxes without an area, which do not count", "correct them if they should count", fatal=False)
STALE = Kind("stale <filename>, the picture called like its annotation being read", "correct it", fatal=False)
SHARED = Kind("pictures both trained and measured on", "keep them in one split", fatal=False)
COPIES = Kind("pictures of the same bytes as another one", "remove them, unless they are meant", fatal=False)
REPEATED = Kind("boxes that are there twice", "remove one of them", fatal=False)
NO_EXAMPLES = Kind("classes that are never trained", "remove them, or add pictures", fatal=False)
UNLISTED = Kind("pictures that no annotation names, not used", "annotate them, or remove them", fatal=False)
NO_LABELS = Kind("pictures without an annotation file, taken as empty", "annotate them if they are not", fatal=False)
UNREAD = Kind("files that were not read", "remove them if they are not meant", fatal=False)
UNNAMED = Kind("sets whose classes have no names, only numbers", "write their names", fatal=False)
DRAWN = Kind("splits drawn by chance (data.split, data.seed)", "make splits of your own if you have them", fatal=False)
UNUSED = Kind("splits that are checked, but neither trained nor measured on", "measure on it at the end", fatal=False)
BACKGROUND = Kind("pictures without objects", "annotate them if they have any", fatal=False)

ORDER = tuple(kind for kind in list(globals().values()) if isinstance(kind, Kind))
"""Worst first."""


@dataclass(frozen=True)
class Finding:
    """Something odd, and where: a file, an entry of it, or a class."""

    kind: Kind
    where: str
    what: str = ""

    @property
    def line(self) -> str:
        return f"{self.where}: {self.what}" if self.what else self.where


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first; otherwise as they came."""
    return sorted(findings, key=lambda finding: ORDER.index(finding.kind))


def told(findings: Iterable[Finding], examples: int = EXAMPLES) -> list[str]:
    """Lines that tell of findings, a kind at a time, worst first: their number, what to do, and some of them."""
    lines = []
    for kind, group in groupby(in_order(findings), key=lambda finding: finding.kind):
        some = list(group)
        lines.append(f"{'refused' if kind.fatal else 'noted'}: {len(some):,} {kind.title}; {kind.remedy}")
        lines += [f"    {finding.line}" for finding in some[:examples]]
        if len(some) > examples:
            lines.append(f"    and {len(some) - examples:,} more")
    return lines


def refuse(findings: Sequence[Finding], place: str) -> None:
    """Raises DataError if any finding is fatal: of one, its own line; of several, the worst and how many there are.

    The error's details list them, worst first, the first of each kind.
    """
    fatal = [finding for finding in in_order(findings) if finding.kind.fatal]
    if not fatal:
        return
    worst = fatal[0]
    error = DataError(worst.what or worst.kind.title, where=worst.where, remedy=worst.kind.remedy)
    if len(fatal) > 1:
        more = f"{len(fatal):,} faults, the worst of them {worst.where}: {worst.what}"
        error.tell(more, place, worst.kind.remedy)
        error.details = tuple(told(fatal, REFUSED_EXAMPLES))
    raise error
