"""A design whose blocks are the netlists that Yosys makes of them, behind the ports of the design itself.

The netlist of an instance is the very one that `synthesize_network` counts. Its cells are simulated by Yosys' own
models (`cells_sim.v`); those that Yosys has as black boxes only, block RAMs and the ECP5's multiplier, are in
`templates`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from codesign.emit.rtl.project import RtlProject
from codesign.emit.templating import template
from codesign.errors import ToolError
from codesign.files import new_folder
from codesign.progress import Progress, silent
from codesign.resources import cache_folder
from codesign.synthesis import yosys
from codesign.synthesis.network import PROCESSES, batches, elaborate, kept_cells, key_of, synthesize, verilog_file
from codesign.synthesis.utilization import Family

TEMPLATES = Path(__file__).parent / "templates"
INSTANCE = re.compile(r"^  (\w+) (?:#\(\n(?:      \..*\n)*  \) )?(\w+) \($", re.MULTILINE)
"""As `top.sv` has them; the module, and the instance's name."""

_LINT = "/* verilator lint_off WIDTH */\n/* verilator lint_off PINMISSING */\n/* verilator lint_off UNOPTFLAT */\n"
_UNDEFINED = re.compile(r"(\.INIT\w*\(\d+'h)([0-9a-fx]*x[0-9a-fx]*)\)|(\.INIT\w*\(\d+'b)([01x]*x[01x]*)\)")


def netlist_project(
    project: RtlProject, family: Family, out_dir: Path, *, cache: Path | None = None, progress: Progress = silent
) -> RtlProject:
    """Writes `project` to `out_dir` with the netlists of `family` in place of the top's instances.

    Ports, streams and names are the design's own, so that it simulates as the design does. cache: folder of results
    (default: that of the user's cache). progress: called with ("netlist: synthesis", done, in all). Raises ToolError if
    Yosys is missing or refuses the design, or if the top is not written as `emit_rtl` writes it.
    """
    cache = cache_folder("synthesis") if cache is None else cache
    keys = _mapped(project, family, cache, progress)
    with new_folder(out_dir) as folder:
        texts = {key: verilog_file(cache, key).read_text() for key in sorted(set(keys.values()))}
        for key, text in texts.items():
            (folder / f"netlist_{key}.v").write_text(_LINT + started_at_random(text, key))
        (folder / "cells.v").write_text(cell_models(family))
        top = project.sources[-1]
        (folder / top.name).write_text(_with_netlists(top.read_text(), keys, top))
        names = ["cells.v", *(f"netlist_{key}.v" for key in texts), top.name]
        (folder / "files.f").write_text("".join(f"{name}\n" for name in names))
        (folder / "project.json").write_text(replace(project, netlist=True).describe())
        if project.weights:
            shutil.copyfile(project.folder / "weights.bin", folder / "weights.bin")
    return RtlProject.load(out_dir)


def _mapped(project: RtlProject, family: Family, cache: Path, progress: Progress) -> dict[str, str]:
    """The key of every instance's netlist, all of which lie in the cache then."""
    cache.mkdir(parents=True, exist_ok=True)
    progress("netlist: synthesis", 0, 1)
    netlists = elaborate(project.sources, project.folder)
    keys = {name: key_of(text, family) for name, text in netlists.items()}
    texts = {keys[name]: text for name, text in netlists.items()}
    done = {key for key in texts if verilog_file(cache, key).exists() and kept_cells(cache, key) is not None}
    missing = {key: text for key, text in texts.items() if key not in done}
    progress("netlist: synthesis", len(done), len(texts))
    with ThreadPoolExecutor(PROCESSES) as pool:
        jobs = {pool.submit(synthesize, batch, family, cache): batch for batch in batches(missing, PROCESSES)}
        for job in as_completed(jobs):
            job.result()
            done |= jobs[job].keys()
            progress("netlist: synthesis", len(done), len(texts))
    return keys


def _with_netlists(top: str, keys: Mapping[str, str], where: Path) -> str:
    """The top with every instance of a module of the library made one of its netlist. Raises ToolError if it cannot."""
    found = [match[2] for match in INSTANCE.finditer(top)]
    if sorted(found) != sorted(keys):
        odd = min(set(found) ^ set(keys), default=found[0])
        raise ToolError(f"instance '{odd}' is not written as an export writes it", where=str(where))
    return INSTANCE.sub(lambda match: f"  block_{keys[match[2]]}_0 {match[2]} (", top)


def started_at_random(netlist: str, seed: str) -> str:
    """A netlist whose undefined initial values are 0 or 1, by a draw that depends on `seed` only.

    A device gives them some value; simulated as zeros they would hide that the design rests on them.
    """
    state = int(hashlib.sha256(seed.encode()).hexdigest(), 16) | 1

    def draw(digits: str, values: str) -> str:
        nonlocal state
        out = []
        for digit in digits:
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            out.append(values[(state >> 40) % len(values)] if digit == "x" else digit)
        return "".join(out)

    def defined(match: re.Match[str]) -> str:
        head, digits = (match[1], match[2]) if match[1] else (match[3], match[4])
        bits = int(head.split("(")[1].split("'")[0])
        first = "01" if bits < 4 else "0123456789abcdef"  # a lone digit holds no more than its bits
        return f"{head}{draw(digits, '01' if match[3] else first)})"

    return _UNDEFINED.sub(defined, netlist)


def cell_models(family: Family) -> str:
    """Verilog of all cells that the family's netlists are made of."""
    share = yosys.share() / {"xc7": "xilinx", "ecp5": "ecp5"}[family]
    text = (share / "cells_sim.v").read_text()
    for name in re.findall(r'`include "(\w+\.vh)"', text):
        text = text.replace(f'`include "{name}"', (share / name).read_text())
    own = template(TEMPLATES, f"cells_{family}.v.j2").render()
    for module in re.findall(r"^module (\w+)", own, re.MULTILINE):
        text = re.sub(rf"^module {module} ?\(.*?^endmodule", "", text, flags=re.MULTILINE | re.DOTALL)
    return _LINT + text + own
