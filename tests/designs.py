"""Designs of small networks, and as much of a build folder as its RTL is read with."""

from collections.abc import Mapping
from pathlib import Path

from codesign.build_folder import BuildFolder, new_build
from codesign.design import Design, design_of
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, save
from codesign.hardware.folding import Folding
from codesign.schedule import Resources, Schedule, schedule
from codesign.targets import Target, load_target


def designed(graph: Graph, target: str | Target = "pynq-z2", *, sparse: bool = False, **limits: object) -> Design:
    """The design of `graph` as it is scheduled for a target, a board's name or a board; limits: as of `schedule`."""
    board = target if isinstance(target, Target) else load_target(target)
    return design_of(graph, board, schedule(graph, board, sparse=sparse, **limits), sparse=sparse)  # type: ignore[arg-type]


def folded(graph: Graph, foldings: Mapping[str, Folding] | None = None) -> Design:
    """A design that is not scheduled: for the PYNQ-Z2, with one multiplier a block but where `foldings` say more."""
    board, found = load_target("pynq-z2"), {node.name: Folding() for node in graph.nodes} | dict(foldings or {})
    nothing = Resources()
    plan = Schedule(board.name, board.clock_mhz, found, {}, {}, 1, 1, {}, nothing, nothing, 0.0, "nothing")
    return design_of(graph, board, plan)


def built(design: Design, path: Path) -> BuildFolder:
    """A build folder with the design's graph, schedule and RTL."""
    facts = {
        "source": design.graph.name,
        "target": design.target.model_dump(mode="json"),
        "options": {"sparse": design.heads is not None},
    }
    with new_build(path, facts) as folder:
        save(design.graph, folder.graph_file)
        design.schedule.save(folder.schedule)
        emit_rtl(design, folder.rtl)
    return BuildFolder(path)
