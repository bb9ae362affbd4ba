"""A detector's outputs, told by their names: a heat map of peaks, and the sizes and offsets that belong to them."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.graph import Graph
from codesign.graph.ops.peak import Peak
from codesign.graph.types import Shape, TensorType

BITS = 16
"""Width of each field of a record, with its sign."""

END = (1 << BITS) - 1
"""What stands in a record's class where a frame ends; classes are fewer."""


@dataclass(frozen=True)
class Heads:
    """Tensors (classes, H, W), (2, H, W) and (2, H, W). floor: the heat where there is no peak."""

    heat: str
    size: str
    offset: str
    floor: int
    shape: Shape

    @property
    def names(self) -> dict[str, str]:
        """Tensors by head."""
        return {"heat": self.heat, "size": self.size, "offset": self.offset}

    @property
    def most_peaks(self) -> int:
        """The most peaks that a frame can have: every place of every class."""
        classes, height, width = self.shape
        return classes * height * width


def heads_of(graph: Graph) -> Heads:
    """Raises GraphError, with the reason, for a graph whose outputs are not those of a detector, or fill no record."""
    names = {graph.origins.get(name, name): name for name in graph.outputs}

    def refuse(what: str) -> GraphError:
        return GraphError(f"{what}: peaks alone cannot leave", where=graph.name, remedy="export it without --sparse")

    if sorted(names) != ["heat", "offset", "size"]:
        raise refuse(f"its outputs are {', '.join(names)}, not heat, size and offset")
    producer = graph.producers.get(names["heat"])
    if producer is None or not isinstance(producer.op, Peak):
        raise refuse("its output heat comes from no peak test")
    kinds = {head: graph.types[name] for head, name in names.items()}
    shape = kinds["heat"].shape
    if any(kinds[head].shape != (2, *shape[1:]) for head in ("size", "offset")):
        raise refuse(f"size and offset are not 2x{shape[1]}x{shape[2]} both")
    if shape[0] >= END or max(shape[1:]) > END + 1:
        raise refuse(f"a heat map {'x'.join(map(str, shape))} has places of more than {BITS} bits")
    for head, kind in kinds.items():
        if kind.step != 1 or not _fits(kind):
            raise refuse(f"{head} takes more than {BITS} bits with a sign")
    return Heads(names["heat"], names["size"], names["offset"], producer.op.floor, shape)


def _fits(kind: TensorType) -> bool:
    return kind.lo >= -(1 << BITS - 1) and kind.hi < 1 << BITS - 1
