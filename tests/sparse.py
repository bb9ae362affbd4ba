"""A trained detector whose peaks alone leave the hardware, as RTL and as a package for the board."""

from pathlib import Path

from codesign.build_folder import BuildFolder
from codesign.design import Design
from codesign.emit.board import emit_board
from codesign.emit.core import emit_core
from codesign.emit.driver import emit_driver
from codesign.emit.rtl.top import emit_rtl
from tests.designs import designed


def emit(build: BuildFolder, folder: Path) -> Design:
    """Writes `rtl/`, `driver/` and `board/` of the network of `build` into `folder`."""
    design = designed(build.graph, streaming=True, sparse=True)
    project = emit_rtl(design, folder / "rtl")
    emit_core(design, project)
    emit_driver(design, project, folder / "driver", recipe=build.recipe, versions={})
    emit_board(design, project, folder / "board", driver=folder / "driver", recipe=build.recipe)
    return design
