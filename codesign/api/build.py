"""`codesign build`: the vendor's tools run on a build, and their reports read back."""

from __future__ import annotations

from pathlib import Path

from codesign.api.report import report
from codesign.build_folder import BuildFolder, open_build
from codesign.emit.core import ACCELERATOR
from codesign.errors import BuildError, ToolError
from codesign.files import write_text
from codesign.progress import Progress, silent
from codesign.vendor.figures import VendorFigures
from codesign.vendor.tools import run, tools_on_path
from codesign.vendor.vitis_hls import REPORT, read_vitis_hls
from codesign.vendor.vivado import UTILIZATION, read_vivado


def build(build: Path | BuildFolder, *, changed: bool = False, progress: Progress = silent) -> VendorFigures:
    """Runs whichever of Vivado and Vitis HLS is on PATH in `board/`; writes `vendor.json` and `report.json`.

    What a tool has made already is kept, and its reports are read again. A design that misses its clock has figures
    all the same. changed: as for `open_build`. Raises ToolError if neither tool is there, if one fails, or if a report
    is of an unknown layout, and BuildError for a build without `board/`.
    """
    folder = open_build(build, changed=changed)
    if not (folder.board / "Makefile").is_file():
        raise BuildError(
            "has no board/ to build",
            where=str(folder.path),
            remedy="export it for pynq-z2, or a target with an `overlay`",
        )
    tools = tools_on_path()
    with folder.locked():
        for tool in tools:
            run(tool, folder.board, progress)
        figures = read_reports(folder.board / "build")
        write_text(folder.vendor, figures.save())
    report(folder)
    return figures


def read_reports(folder: Path) -> VendorFigures:
    """The figures of those reports that are in `folder`, `board/build`. Raises ToolError if there are none."""
    vivado = read_vivado(folder, ACCELERATOR) if (folder / UTILIZATION).is_file() else None
    vitis_hls = read_vitis_hls(folder / REPORT) if (folder / REPORT).is_file() else None
    if vivado is None and vitis_hls is None:
        raise ToolError("the tools ended well but left no reports", where=str(folder), remedy="`make clean` in board/")
    return VendorFigures(vivado, vitis_hls)
