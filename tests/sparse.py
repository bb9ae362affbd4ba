"""A trained detector whose peaks alone leave the hardware, as RTL and as a package for the board."""

from pathlib import Path

from codesign.build_folder import BuildFolder
from codesign.emit.board import emit_board
from codesign.emit.core import emit_core
from codesign.emit.rtl.top import emit_rtl
from tests.designs import designed


def emit(build: BuildFolder, folder: Path) -> None:
    """Writes `rtl/` and `board/` of the network of `build` into `folder`."""
    design = designed(build.graph, streaming=True, sparse=True)
    project = emit_rtl(design, folder / "rtl")
    emit_core(design, project)
    emit_board(design, project, folder / "board", recipe=build.recipe)
