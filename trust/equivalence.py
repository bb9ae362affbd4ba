"""Shows with Yosys that a mutant of a SystemVerilog module cannot be told from the original."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from codesign.emit.rtl import library
from codesign.errors import ToolError
from codesign.synthesis import yosys
from codesign.synthesis.module import read


def equivalent(original: Path, text: str, parameters: Mapping[str, int]) -> bool:
    """Whether the module of file `original`, its library beside it, and that of `text` give the same outputs forever.

    Both under `parameters`, from any common state on: signals of one name that are equal stay equal (induction).
    """
    top = original.stem
    with tempfile.TemporaryDirectory(prefix="equivalence_") as scratch:
        folder = Path(scratch)
        gate = folder / original.name
        gate.write_text(text)
        files = library.sources([top], original.parent)
        sides = {"gold": files, "gate": [gate if file.name == original.name else file for file in files]}
        commands = []
        for side, sources in sides.items():
            commands += [read(sources, top, parameters, options=""), f"hierarchy -check -top {top}", "proc", "flatten"]
            commands += ["memory", "opt_clean -purge", f"rename -top {side}", f"design -stash {side}"]
        commands += [f"design -copy-from {side} -as {side} {side}" for side in sides]
        commands += ["equiv_make gold gate equal", "hierarchy -top equal", "equiv_simple -undef", "equiv_induct -undef"]
        try:
            yosys.run([*commands, "equiv_status -assert"], folder)
        except ToolError as error:
            if "unproven $equiv cells" in str(error):
                return False
            raise
        return True
