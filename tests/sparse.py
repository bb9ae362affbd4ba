"""A trained detector whose peaks alone leave the hardware, as RTL and as a package for the board."""

from pathlib import Path

from codesign.build_folder import BuildFolder
from codesign.emit.board import emit_board
from codesign.emit.rtl.top import emit_rtl
from codesign.recipe import load_recipe
from codesign.schedule import schedule
from codesign.targets import load_target


def emit(build: BuildFolder, folder: Path) -> None:
    """Writes `rtl/` and `board/` of the network of `build` into `folder`."""
    target = load_target("pynq-z2")
    plan = schedule(build.graph, target, streaming=True, sparse=True)
    project = emit_rtl(build.graph, plan, folder / "rtl", sparse=True)
    recipe = load_recipe(build.run / "recipe.yaml")
    emit_board(build.graph, project, target, folder / "board", clock_mhz=plan.clock_mhz, recipe=recipe)
