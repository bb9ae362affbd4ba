"""Synthesis of a whole RTL project, block by block.

The top is elaborated once; each of its instances is flattened and synthesized on its own, as a hierarchical synthesis
of the top would do, in two processes. Instances that are alike are synthesized once, and results are kept by a hash of
the elaborated netlist, so that after a change only what differs is done again.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from codesign.emit.rtl.project import RtlProject
from codesign.errors import ToolError
from codesign.files import write_text
from codesign.progress import Progress, silent
from codesign.resources import cache_folder
from codesign.synthesis import yosys
from codesign.synthesis.module import read, statistics
from codesign.synthesis.utilization import Family, Utilization, count

TOP = "top"
NAME = "netlist__"
PROCESSES = 2
BATCH_CHARACTERS = 2_000_000
"""Size of the netlists that one process takes: most of the time for a small block is Yosys' own start."""


@dataclass(frozen=True)
class NetworkSynthesis:
    """What each instance of the top takes, by name, and a hash of the elaborated netlist of each."""

    family: Family
    instances: Mapping[str, Utilization]
    netlists: Mapping[str, str]

    @property
    def total(self) -> Utilization:
        return sum(self.instances.values(), Utilization())


def synthesize_network(
    rtl_dir: Path, family: Family = "xc7", *, cache: Path | None = None, progress: Progress = silent
) -> NetworkSynthesis:
    """Synthesizes the project that `emit_rtl` wrote to `rtl_dir`.

    cache: folder of results (default: that of the user's cache). progress: called with ("synthesis", done, in all),
    counting netlists. Raises ToolError if Yosys is missing or refuses the design.
    """
    project = RtlProject.load(rtl_dir)
    cache = cache_folder("synthesis") if cache is None else cache
    return synthesize_instances(project.sources, project.folder, family, cache=cache, progress=progress)


def synthesize_instances(
    sources: Sequence[Path],
    folder: Path,
    family: Family,
    *,
    cache: Path,
    processes: int = PROCESSES,
    progress: Progress = silent,
) -> NetworkSynthesis:
    """Synthesizes each instance of the module `top` of `sources` by itself.

    folder: where the names of memory files are looked up. processes: of Yosys at once. Raises ToolError if Yosys is
    missing or refuses the design, or if the top has logic of its own.
    """
    cache.mkdir(parents=True, exist_ok=True)
    netlists = elaborate(sources, folder)
    keys = _keys(netlists, family)
    missing = {keys[name]: text for name, text in netlists.items() if kept_cells(cache, keys[name]) is None}
    total = len(set(keys.values()))
    progress("synthesis", total - len(missing), total)
    with ThreadPoolExecutor(processes) as pool:
        jobs = [pool.submit(synthesize, batch, family, cache) for batch in batches(missing, processes)]
        for job in as_completed(jobs):
            job.result()
            done = sum(cells_file(cache, key).exists() for key in set(keys.values()))
            progress("synthesis", done, total)
    cells = {key: kept_cells(cache, key) or {} for key in set(keys.values())}
    return NetworkSynthesis(family, {name: count(cells[key], family) for name, key in keys.items()}, keys)


def netlist_keys(sources: Sequence[Path], folder: Path, family: Family) -> dict[str, str]:
    """The hash of the elaborated netlist of each instance of `top`: where that is as it was, so are all figures."""
    return _keys(elaborate(sources, folder), family)


def _keys(netlists: Mapping[str, str], family: Family) -> dict[str, str]:
    return {name: key_of(text, family) for name, text in netlists.items()}


def synthesize_flat(rtl_dir: Path, family: Family = "xc7") -> Utilization:
    """The whole top in one go, flattened: logic is shared and removed across blocks, at the price of a longer run."""
    project = RtlProject.load(rtl_dir)
    with tempfile.TemporaryDirectory(prefix="codesign_synth_") as scratch:
        stat = Path(scratch) / "stat.json"
        yosys.run([read(project.sources, TOP, {}), yosys.flow(family, TOP), statistics(stat)], project.folder)
        return count(yosys.cells(stat), family)


def elaborate(sources: Sequence[Path], folder: Path) -> dict[str, str]:
    """The netlist of each instance of the top, by its name: flattened, but for modules that ask to be kept."""
    hierarchy = read(sources, TOP, {}, "--best-effort-hierarchy")
    with tempfile.TemporaryDirectory(prefix="codesign_synth_") as scratch:
        listing, whole = Path(scratch) / "modules", Path(scratch) / "top.il"
        yosys.run([hierarchy, ("tee", "-q", "-o", str(listing), "ls")], folder)
        modules = [line.strip() for line in listing.read_text().splitlines() if f"${TOP}." in line]
        instances = {m.split(f"${TOP}.", 1)[1]: m for m in modules if "." not in m.split(f"${TOP}.", 1)[1]}
        commands: list[yosys.Command] = [
            hierarchy,
            *(f"setattr -mod -set keep_hierarchy 1 {module}" for module in instances.values()),
        ]
        commands += ["flatten", f"hierarchy -top {TOP}", "opt_clean", ("write_rtlil", str(whole))]
        yosys.run(commands, folder)
        netlist = _modules(whole.read_text())
    if re.search(r"^  cell \$", netlist[f"\\{TOP}"], flags=re.MULTILINE):
        raise ToolError("the top has logic outside its instances, which is not counted", where=str(folder))
    return {name: _canonical(_below(f"\\{module}", netlist)) for name, module in instances.items()}


def _modules(text: str) -> dict[str, str]:
    """The modules of an RTLIL file by name, without attributes that tell where they came from."""
    dropped = re.compile(r"\s*(#|autoidx|attribute \\(hdlname|module|src|top)\b)")
    kept = "\n".join(line for line in text.splitlines() if not dropped.match(line))
    one = re.compile(r"^(?:attribute [^\n]*\n)*module (\S+)\n.*?^end$", flags=re.MULTILINE | re.DOTALL)
    return {match[1]: match[0] for match in one.finditer(kept)}


def _below(module: str, netlist: Mapping[str, str]) -> dict[str, str]:
    """`module` and all modules that it has instances of, itself first."""
    found = {module: netlist[module]}
    for cell in re.findall(r"^  cell (\\\S+) ", netlist[module], flags=re.MULTILINE):
        if cell in netlist:
            found |= _below(cell, netlist)
    return found


def _canonical(modules: Mapping[str, str]) -> str:
    """A netlist without what tells instances of one design apart: names of modules and running numbers."""
    text = "\n".join(modules.values()) + "\n"
    for index, name in enumerate(modules):
        text = re.sub(re.escape(name) + r"(?=\s)", f"\\\\{NAME}{index}", text)
    numbers: dict[str, str] = {}  # Yosys counts apart from its front end: a number is one with the word before it

    def renumbered(match: re.Match[str]) -> str:
        return f"{match[1] or ''}${numbers.setdefault(match[0], str(len(numbers) + 1))}"

    return re.sub(r"(\$[^\s$]*)?\$(\d+)(?!\d)", renumbered, text)


def key_of(netlist: str, family: Family) -> str:
    return hashlib.sha256(repr((yosys.version(), yosys.flow(family, TOP), netlist)).encode()).hexdigest()[:16]


def cells_file(cache: Path, key: str) -> Path:
    """Numbers of cells by type of the netlist with that key."""
    return cache / f"synth-{key}.json"


def kept_cells(cache: Path, key: str) -> dict[str, int] | None:
    """Numbers of cells that were found before; None if there are none, or they cannot be read."""
    try:
        found = json.loads(cells_file(cache, key).read_text())
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and all(type(number) is int for number in found.values())
    return found if whole else None


def verilog_file(cache: Path, key: str) -> Path:
    """The netlist with that key, of the family's cells: module `block_KEY_0` and what is below it."""
    return cache / f"synth-{key}.v"


def batches(netlists: Mapping[str, str], processes: int) -> Iterator[dict[str, str]]:
    """`netlists` in parts of about equal size, the largest netlists first."""
    parts = max(processes, sum(map(len, netlists.values())) // BATCH_CHARACTERS)
    order = sorted(netlists, key=lambda key: -len(netlists[key]))
    for first in range(min(parts, len(order))):
        yield {key: netlists[key] for key in order[first::parts]}


def synthesize(netlists: Mapping[str, str], family: Family, cache: Path) -> None:
    """Synthesizes several netlists as modules of one design; keeps each as Verilog, and its numbers of cells."""
    with tempfile.TemporaryDirectory(prefix="codesign_synth_") as scratch:
        source, stat = Path(scratch) / "netlists.il", Path(scratch) / "stat.json"
        modules = (text.replace(f"\\{NAME}", f"\\block_{key}_") for key, text in netlists.items())
        cells = "".join(f"  attribute \\keep 1\n  cell \\block_{key}_0 \\{key}\n  end\n" for key in netlists)
        source.write_text(f"{''.join(modules)}module \\{TOP}\n{cells}end\n")
        commands: list[yosys.Command] = [("read_rtlil", str(source)), yosys.flow(family, TOP, flatten=False)]
        commands.append(statistics(stat))
        for key in netlists:
            commands += [f"select block_{key}_*", f"write_verilog -noattr -selected {key}.v", "select -clear"]
        yosys.run(commands, Path(scratch))
        for key in netlists:
            write_text(verilog_file(cache, key), (Path(scratch) / f"{key}.v").read_text())
            write_text(cells_file(cache, key), json.dumps(yosys.cells(stat, f"block_{key}_0")) + "\n")
