"""Writes a build's `board/`: scripts for the vendor's tools, and what is copied to the board."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

from codesign.board import __name__ as DRIVER
from codesign.design import Design
from codesign.emit.core import ACCELERATOR, WRAPPER
from codesign.emit.driver import CERTIFICATE_FILES, BoardTail
from codesign.emit.driver.description import describe
from codesign.emit.driver.processor import processor_of
from codesign.emit.driver.system import RANGE, System
from codesign.emit.rtl.project import RtlProject
from codesign.emit.templating import template
from codesign.errors import TargetError
from codesign.files import new_folder
from codesign.recipe import Recipe

TEMPLATES = Path(__file__).parent / "templates"
RENDERED = ("vivado.tcl", "vitis_hls.tcl", "Makefile")
COPIED = ("design.xdc",)
NOTEBOOK = "detect.ipynb"
DEPLOYED = "deploy"
"""The folder within `board/` that is copied to the board, once the bitstream is in it."""

PACKAGE = "codesign_board"
"""What the driver is called there."""


def emit_board(
    design: Design,
    project: RtlProject,
    out_dir: Path,
    *,
    driver: Path,
    recipe: Recipe | None,
    tail: BoardTail | None = None,
) -> None:
    """Writes the package for a board with a Zynq to `out_dir`, a sibling of the build's `rtl/` and `hls/`.

    project: the design's RTL, with what makes it a core. driver: the folder of `emit_driver`. recipe: of the run that
    was exported, which says what the outputs mean. tail: what the network leaves to the host, if anything. Raises
    TargetError for a target without the section `overlay`.
    """
    target = design.target
    processor = processor_of(target)
    if processor is None:
        raise TargetError("no board package is known for it", where=target.name, remedy="see docs/board.md")
    system = System(project, processor)
    facts = {
        "system": system,
        "project": project,
        "target": target,
        "clock_mhz": design.schedule.clock_mhz,
        "accelerator": ACCELERATOR,
        "wrapper": WRAPPER,
        "processor": processor,
        "settings": list(processor.configured(design.schedule.clock_mhz, system.streamed)),
        "range": RANGE,
        "deployed": DEPLOYED,
        "sources": [str(path.relative_to(project.folder)) for path in project.sources],
    }
    with new_folder(out_dir) as folder:
        for name in RENDERED:
            (folder / name).write_text(template(TEMPLATES, f"{name}.j2").render(facts))
        for name in COPIED:
            shutil.copyfile(TEMPLATES / name, folder / name)
        _deploy(folder / DEPLOYED, project, driver)
        host = tail.write(folder / DEPLOYED, design.graph) if tail else None
        described = describe(system, design, recipe, host)
        (folder / DEPLOYED / "design.json").write_text(json.dumps(described, indent=1) + "\n")


def _deploy(folder: Path, project: RtlProject, driver: Path) -> None:
    """The driver, a notebook, the certificate, and the weights that are put into memory."""
    folder.mkdir()
    (folder / PACKAGE).mkdir()
    for file in resources.files(DRIVER).iterdir():
        if file.name.endswith(".py"):
            (folder / PACKAGE / file.name).write_bytes(file.read_bytes())
    shutil.copyfile(TEMPLATES / NOTEBOOK, folder / NOTEBOOK)
    for name in CERTIFICATE_FILES:
        shutil.copyfile(driver / name, folder / name)
    if project.weights:
        shutil.copyfile(project.folder / "weights.bin", folder / "weights.bin")
